"""Build `quantforge_c._native` (cffi, API mode): addresses of the loops, and facts about them."""

from pathlib import Path

from cffi import FFI

# Bits first: no contraction, no libm wrappers. They come after an inherited CFLAGS, which
# therefore cannot undo them.
FLAGS = [
    "-O3",
    "-std=gnu11",
    "-fno-fast-math",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
]

DECLARATIONS = """
    int qf_supported(const char *isa);
    const char *qf_build(void);
    void qf_price_avx512(char **, const intptr_t *, const intptr_t *, void *);
    void qf_price_avx2(char **, const intptr_t *, const intptr_t *, void *);
    void qf_price_baseline(char **, const intptr_t *, const intptr_t *, void *);
"""

here = Path(__file__).parent
ffibuilder = FFI()
ffibuilder.cdef(DECLARATIONS)
ffibuilder.set_source(
    "quantforge_c._native",
    f"#include <stdint.h>\n{DECLARATIONS}",
    # setuptools wants paths relative to setup.py, where every build runs
    sources=[f"src/{name}.c" for name in ("native", "avx512", "avx2", "baseline")],
    depends=[f"src/{header.name}" for header in sorted((here / "src").glob("*.h"))],
    extra_compile_args=FLAGS,
    libraries=["m"],
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
