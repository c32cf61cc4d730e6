"""The loops in C. Where they cannot be built, the backend in Python is there all the same."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "quantforge_digitals._loops",
            ["native/loops.c"],
            extra_compile_args=["-O2", "-std=c11", "-ffp-contract=off", "-fno-math-errno"],
            libraries=["m"],
            py_limited_api=True,
            optional=True,
        )
    ]
)
