"""Run the property tests on fresh examples, round after round: ``./dev test --fuzz MINUTES``.

Each round has a seed of its own, and ends with the line that says what it drew. A failure ends the
run with the falsifying example, the command that repeats it, and where to keep it.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
import sys
import time

from quantforge.plugins import State, backends

PROPERTIES = ("tests", "-m", "hypothesis", "--hypothesis-profile=fuzz")
BITS = ("conformance/quantforge_conformance/suite/test_golden_bits.py", "-k", "drawn_options")
KEPT = """\
Keep it: write the example above its test as @example(...), or the option into the file of its
operation in conformance/quantforge_conformance/data/worst_cases/."""
NO_TESTS = 5  # pytest's exit code when it ran none


def suites(seed: int) -> list[list[str]]:
    """Return the words for pytest: the properties, then the bits of every exact backend."""
    exact = [one.name for one in backends() if one.exact and one.state is State.AVAILABLE]
    bits = [[*BITS, "--backend", name, f"--drawn={seed}"] for name in exact]
    return [[*PROPERTIES, f"--hypothesis-seed={seed}"], *bits]


def examples(output: str) -> int:
    """Return how many examples Hypothesis says it has tried."""
    return sum(map(int, re.findall(r"(\d+) passing\b", output)))


def pytest(words: list[str], left: float) -> subprocess.CompletedProcess[str]:
    """Run pytest quietly for at most so many seconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *words]
    command.append("--hypothesis-show-statistics")
    return subprocess.run(command, capture_output=True, text=True, timeout=left)


def fuzz(minutes: float, words: list[str]) -> int:
    """Run rounds until the minutes are over; return 1 at the first failure."""
    end = time.monotonic() + 60 * minutes
    number = tried = 0
    while time.monotonic() < end:
        number, seed = number + 1, secrets.randbits(31)
        print(f"round {number}, seed {seed}", flush=True)
        for suite in suites(seed):
            try:
                done = pytest([*suite, *words], max(end - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                print(f"the minutes are over within round {number}")
                break
            tried += examples(done.stdout)
            if done.returncode not in (0, NO_TESTS):
                print(done.stdout, done.stderr, sep="\n")
                print(f"round {number} failed with seed {seed}; to repeat it:")
                print(f"  ./dev test {shlex.join([*suite, *words])}")
                print(KEPT)
                return 1
        else:
            print(f"round {number} passed, {tried:,} examples so far", flush=True)
    print(f"{number} rounds, {tried:,} examples, no failure")
    return 0


def main(words: list[str]) -> int:
    """Read the minutes off the words; the others are pytest's."""
    try:
        minutes = float(words[0])
    except (IndexError, ValueError):
        minutes = 0.0
    if not minutes > 0:
        print("usage: ./dev test --fuzz MINUTES [OPTION...]", file=sys.stderr)
        return 2
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return fuzz(minutes, words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
