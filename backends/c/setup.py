"""Name the cffi builder, and the module that cffi cannot describe."""

from setuptools import Extension, setup

setup(
    cffi_modules=["build_native.py:ffibuilder"],
    ext_modules=[
        Extension(
            "quantforge_c._scalar",
            ["src/loops/scalar.c"],
            extra_compile_args=["-O3", "-std=gnu11"],
            py_limited_api=True,
        )
    ],
)
