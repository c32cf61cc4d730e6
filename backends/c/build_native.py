"""Build `quantforge_c._native` (cffi, API mode): addresses of the loops, and facts about them."""

from pathlib import Path

from cffi import FFI

# Bits first: no contraction, no libm wrappers. They come after an inherited CFLAGS, which
# therefore cannot undo them. Python's own -fwrapv costs the greeks 3 %; no signed number overflows.
FLAGS = [
    "-O3",
    "-std=gnu11",
    "-fno-fast-math",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-wrapv",
    "-fvisibility=hidden",
]

OPERATIONS = [
    family + operation
    for family in ("", "bachelier_")
    for operation in ("price", "greeks", "implied_volatility")
]
SETS = ["avx512", "avx2", "baseline"]
DECLARATIONS = "\n".join(
    ["int qf_supported(const char *isa);", "const char *qf_build(void);"]
    + [
        f"void qf_{operation}_{isa}(char **, const intptr_t *, const intptr_t *, void *);"
        for operation in OPERATIONS
        for isa in SETS
    ]
)

here = Path(__file__).parent
ffibuilder = FFI()
ffibuilder.cdef(DECLARATIONS)
ffibuilder.set_source(
    "quantforge_c._native",
    f"#include <stdint.h>\n{DECLARATIONS}",
    # setuptools wants paths relative to setup.py, where every build runs
    sources=[f"src/{name}.c" for name in ("native", *SETS)],
    depends=[f"src/{header.name}" for header in sorted((here / "src").glob("*.h"))],
    extra_compile_args=FLAGS,
    libraries=["m"],
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
