"""Build `quantforge_c._native` (cffi, API mode): addresses of the loops, and facts about them.

The operations stand once, in src/loops/operations.h. What Python has to know of them before the
library is loaded is written to quantforge_c/_operations.py on the way.
"""

import re
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

here = Path(__file__).parent
declared = re.findall(
    r"OPERATION\((\w+), (\d+), (\d+), (\d+), ([01])\)",
    (here / "src/loops/operations.h").read_text("ascii"),
)
table = "".join(
    f'    "{name}": ({numerics}, {inputs}, {int(codes) << int(outputs) - 1}),\n'
    for name, numerics, inputs, outputs, codes in declared
)
(here / "quantforge_c/_operations.py").write_text(
    '"""Version of the numerics, inputs, set of outputs that are codes; by build_native.py."""\n\n'
    f"OPERATIONS = {{\n{table}}}\n",
    "ascii",
)

SETS = ["avx512", "avx2", "baseline"]
DECLARATIONS = "\n".join(
    [
        "int qf_supported(const char *isa);",
        "const char *qf_build(void);",
        "void qf_read_boundary(const double *table);",
    ]
    + [
        f"void qf_{name}_{isa}(char **, const intptr_t *, const intptr_t *, void *);"
        for name, *_ in declared
        for isa in SETS
    ]
)

ffibuilder = FFI()
ffibuilder.cdef(DECLARATIONS)
ffibuilder.set_source(
    "quantforge_c._native",
    f"#include <stdint.h>\n{DECLARATIONS}",
    # setuptools wants paths relative to setup.py, where every build runs
    sources=[f"src/loops/{name}.c" for name in ("native", *SETS)],
    depends=[str(header.relative_to(here)) for header in sorted((here / "src").rglob("*.h"))],
    extra_compile_args=FLAGS,
    libraries=["m"],
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
