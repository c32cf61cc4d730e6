"""Copy the formula files of QuantForge's C backend into what is built; the rest is pyproject's.

They are in a source distribution already. In a checkout they are where they belong, and anywhere
else where QUANTFORGE_C_SOURCES says, such as in the source distribution of quantforge-c.
"""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
PACKAGE = "quantforge_cuda/formulas"
PLACES = (
    HERE / PACKAGE,
    Path(os.environ.get("QUANTFORGE_C_SOURCES", HERE / "../../backends/c/src")),
)


def copy_formulas(to):
    """Copy the files, unchanged, from where they are."""
    found = next((place for place in PLACES if (place / "legs.h").is_file()), None)
    if found is None:
        raise SystemExit(f"no legs.h in {PLACES[-1]}: set QUANTFORGE_C_SOURCES to its folder")
    to.mkdir(parents=True, exist_ok=True)
    for header in sorted(found.glob("*.h")):
        shutil.copyfile(header, to / header.name)


class BuildWithFormulas(build_py):
    """With the formulas in the package."""

    def run(self):
        super().run()
        copy_formulas(Path(self.build_lib) / PACKAGE)


class SourcesWithFormulas(sdist):
    """With the formulas among the sources."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        copy_formulas(Path(base_dir) / PACKAGE)


setup(cmdclass={"build_py": BuildWithFormulas, "sdist": SourcesWithFormulas})
