"""Name the cffi builder: the one setting that has no place in pyproject.toml."""

from setuptools import setup

setup(cffi_modules=["build_native.py:ffibuilder"])
