"""Compile the Zig sources while the package is built."""

import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

PACKAGE = "quantforge_zig"
TARGET = ("-target", "x86_64-linux", "-mcpu=x86_64_v3")  # AVX2, and fma as one instruction


class Build(build_py):
    """Put the shared library beside the package's modules."""

    def run(self):
        super().run()
        here = self.get_package_dir(PACKAGE)
        folder = Path(here) if self.editable_mode else Path(self.build_lib, PACKAGE)
        cache = str(Path(self.get_finalized_command("build").build_temp).resolve() / "zig")
        command = [sys.executable, "-m", "ziglang", "build-lib", "zig/loops.zig"]
        command += ["-dynamic", "-O", "ReleaseFast", "-fstrip", *TARGET]
        command += ["--cache-dir", cache, "--global-cache-dir", cache]
        command += [f"-femit-bin={folder.resolve() / 'kernels.so'}"]
        subprocess.run(command, check=True)


class Wheel(bdist_wheel):
    """A wheel for one platform and any Python: the library knows nothing of Python."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(cmdclass={"build_py": Build, "bdist_wheel": Wheel})
