"""Name what is compiled: a library that Python loads without calling into it."""

from glob import glob

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "quantforge_NAME._native",
            sorted(glob("src/*.c*")),
            depends=sorted(glob("src/*.h*")),
            extra_compile_args=["-O3", "-fno-fast-math", "-ffp-contract=off"],
            py_limited_api=True,
        )
    ]
)
