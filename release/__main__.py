"""``python -m release [FOLDER] [--only STEP]``: what ``./dev wheels`` runs."""

import argparse
import sys
import time
from pathlib import Path

from release import DISTRIBUTIONS, ROOT, check, smoke
from release.build import build

STEPS = ("build", "check", "smoke")


def table(*rows):
    """Print rows in columns as wide as their widest cell, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        pairs = zip(row, widths, strict=True)
        padded = [
            cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width) for cell, width in pairs
        ]
        print("  ".join(padded).rstrip())


def build_all(folder):
    """Build every distribution anew into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in [*folder.glob("quantforge_*.whl"), *folder.glob("quantforge_*.tar.gz")]:
        left.unlink()
    for name in DISTRIBUTIONS:
        began = time.monotonic()
        print(f"{name}: building", flush=True)
        build(name, folder)
        print(f"{name}: built in {time.monotonic() - began:.0f} s", flush=True)


def main(words):
    """Run the steps; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="./dev wheels",
        description="Build source distributions and wheels of all distributions, check them, and "
        "try them in fresh environments on every Python found.",
    )
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--only", choices=STEPS, help="one step, on what FOLDER holds")
    arguments = parser.parse_args(words)
    folder = arguments.folder.resolve()
    steps = (arguments.only,) if arguments.only else STEPS
    problems = []
    if "build" in steps:
        build_all(folder)
    if "check" in steps:
        began = time.monotonic()
        problems += check.faults(folder)
        print(f"checked in {time.monotonic() - began:.0f} s", flush=True)
    if "smoke" in steps and not problems:
        rows, found = smoke.try_all(folder)
        problems += found
        table(("Python", "build", "backends", "seconds", "result"), *rows)
    table(("distribution", "bytes", "unpacked"), *check.sizes(folder))
    for problem in problems:
        print(f"./dev wheels: {problem}", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
