"""Copy the formula files of QuantForge's C backend into what is built; the rest is pyproject's."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
PACKAGE = "quantforge_cuda/formulas"
PLACES = (HERE / PACKAGE, HERE / "../../backends/c/src")  # of a source distribution; of a checkout


def copy_formulas(to):
    """Copy the files, unchanged, from where they are."""
    found = next((place for place in PLACES if (place / "legs.h").is_file()), None)
    if found is None:
        raise SystemExit("quantforge-cuda: no formula files; build it in a checkout of QuantForge")
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
