"""The one version of all distributions: where it stands, and how it is raised."""

import re
import sys
import time

from release import DISTRIBUTIONS, ROOT

MODULE, TABLE = r'^__version__ = "(.*)"$', r'^version = "(.*)"$'
PLACES = {
    "quantforge/version.py": MODULE,
    "backends/rust/python/quantforge_rust/__init__.py": MODULE,
    "backends/rust/Cargo.toml": TABLE,
    "backends/c/quantforge_c/__init__.py": MODULE,
    "backends/numba/quantforge_numba/__init__.py": MODULE,
    "conformance/pyproject.toml": TABLE,
}
NUMBER = r"\d+\.\d+\.\d+"
REQUIREMENT = r'"(quantforge-\w+)>=([\d.]+)"'
UNRELEASED = "## Unreleased\n"


def current():
    """The version of the core, which all others share."""
    return stated()["quantforge/version.py"]


def stated():
    """The version in each place where one stands."""
    return {
        place: re.search(form, (ROOT / place).read_text("utf-8"), re.M)[1]
        for place, form in PLACES.items()
    }


def required():
    """The least versions that our distributions ask of each other: who, whom, which."""
    return [
        (name, *found)
        for name, source in DISTRIBUTIONS.items()
        for found in re.findall(REQUIREMENT, (source / "pyproject.toml").read_text("utf-8"))
    ]


def rewrite(place, form, text):
    """Put a text in the place of the first group of a form, wherever it stands in a file."""

    def replaced(match):
        group = match.lastindex
        start, end = (edge - match.start() for edge in match.span(group))
        return match[0][:start] + text + match[0][end:]

    file = ROOT / place
    file.write_text(re.sub(form, replaced, file.read_text("utf-8"), flags=re.M), "utf-8")


def raise_to(number):
    """Write a version everywhere, and head the changelog with it.

    A distribution then asks for the others of this minor version or newer.
    """
    if not re.fullmatch(NUMBER, number):
        sys.exit(f"./dev version: {number} is not of the form 1.2.3")
    if parts(number) <= parts(current()):
        sys.exit(f"./dev version: {number} is not above {current()}")
    changelog = ROOT / "CHANGELOG.md"
    text = changelog.read_text("utf-8")
    if text.count(UNRELEASED) != 1:
        sys.exit(f"./dev version: {changelog} has no heading {UNRELEASED.strip()}")
    heading = f"## {number} ({time.strftime('%Y-%m-%d')})\n"
    changelog.write_text(text.replace(UNRELEASED, f"{UNRELEASED}\n{heading}"), "utf-8")
    for place, form in PLACES.items():
        rewrite(place, form, number)
    for source in DISTRIBUTIONS.values():
        rewrite(source / "pyproject.toml", REQUIREMENT, number.rpartition(".")[0])


def parts(number):
    """A version as numbers, to compare."""
    return tuple(map(int, number.split(".")))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit("usage: ./dev version [NUMBER]")
    if sys.argv[1:]:
        raise_to(sys.argv[1])
    print(current())
