"""What a run has found, for each operation: written to a file as it goes, as JSON or Markdown."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantforge import testing
from quantforge_conformance import operands

if TYPE_CHECKING:
    from quantforge_conformance.subject import Kernel, Subject

SUFFIXES: Final = (".json", ".md")
_EVERY: Final = 1.0  # seconds between two writings
_BATCH: Final = 10_000  # options by which speed is measured
_TURNS: Final = 5
_COLORS: Final = {"passed": "brightgreen", "failed": "red", "running": "lightgrey"}


class Report:
    """The findings on a backend.

    Parameters
    ----------
    subject : Subject
    path : Path, optional
        Where they are written.
    """

    def __init__(self, subject: Subject, path: Path | None) -> None:
        self.subject, self.path = subject, path
        self.counts: dict[str, Counter[str]] = {each.name: Counter() for each in subject.kernels}
        self.errors: dict[str, list[dict[str, Any]]] = {each.name: [] for each in subject.kernels}
        self.expected: list[dict[str, str]] = []
        self.speed: dict[str, dict[str, float]] = {}
        self.state = "running"
        self._written = 0.0

    def count(self, operation: str, outcome: str) -> None:
        """Count a test of an operation as passed, failed, expected to fail, or skipped."""
        self.counts[operation][outcome] += 1
        if time.monotonic() > self._written + _EVERY:
            self.write()

    def expect(self, operation: str, test: str, reason: str) -> None:
        """Keep why a test was expected to fail, as it has."""
        self.expected.append({"operation": operation, "test": test, "reason": reason})

    def add(
        self,
        operation: str,
        region: str,
        output: str,
        unit: str,
        allowed: float,
        misses: Sequence[float],
    ) -> None:
        """Keep the errors of an output in a region, in the unit of its bound."""
        self.errors[operation].append(
            {
                "region": region,
                "output": output,
                "unit": unit,
                "allowed": allowed,
                "maximum": float(np.max(misses)),
                "p999": float(np.percentile(misses, 99.9)),
            }
        )

    def end(self, passed: bool) -> None:
        """Measure how fast the kernels are, and write everything a last time."""
        self.state = "passed" if passed else "failed"
        if self.path is not None:
            self.speed = {each.name: _speed(each) for each in self.subject.kernels}
            self.write()

    def found(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        info = self.subject.info
        return {
            "backend": info.name,
            "version": info.version,
            "device": info.device,
            "details": dict(info.details),
            "state": self.state,
            "expected": self.expected,
            "operations": {
                each.name: {
                    "tier": each.tier,
                    "bound": each.slack,
                    **{word: self.counts[each.name][word] for word in _OUTCOMES},
                    **self.speed.get(each.name, {}),
                    "errors": self.errors[each.name],
                }
                for each in self.subject.kernels
            },
        }

    def write(self) -> None:
        """Replace the file, whole or not at all."""
        self._written = time.monotonic()
        if self.path is None:
            return
        found = self.found()
        text = markdown(found) if self.path.suffix == ".md" else json.dumps(found, indent=1) + "\n"
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, self.path)

    def lines(self) -> list[str]:
        """Return a line on each operation, for the terminal."""
        return [
            ", ".join(filter(None, (f"{name}: {_tier(each)}", _tests(each), _worst(each))))
            for name, each in self.found()["operations"].items()
        ]


_OUTCOMES: Final = ("passed", "failed", "expected", "skipped")


def markdown(found: Mapping[str, Any]) -> str:
    """Return findings as a page with a badge, a row an operation and one for every region."""
    state, known = found["state"], len(found["expected"])
    word = f"{state}_but_for_{known}" if known and state == "passed" else state
    color = "yellow" if word != state else _COLORS[state]
    badge = f"https://img.shields.io/badge/quantforge_conformance-{word}-{color}"
    said = word.replace("_", " ")
    rows = [
        (name, _tier(each), *(str(each[word]) for word in _OUTCOMES), _worst(each), _fast(each))
        for name, each in found["operations"].items()
    ]
    errors = [
        (name, *(one[key] for key in ("region", "output", "unit")), _number(one["maximum"]),
         _number(one["p999"]), _number(one["allowed"]))
        for name, each in found["operations"].items()
        for one in each["errors"]
    ]  # fmt: skip
    facts = ", ".join(f"{key} {value}" for key, value in found["details"].items())
    return "\n".join(
        [
            f"# {found['backend']} {found['version']}",
            "",
            f"![quantforge conformance: {said}]({badge})" + (f" {facts}" if facts else ""),
            "",
            *_table(("operation", "tier", *_OUTCOMES, "errors", "speed"), rows),
            "",
            *_table(
                ("operation", "region", "output", "unit", "maximum", "99.9 %", "allowed"), errors
            ),
            "",
            *(_known(found["expected"]) if known else ()),
        ]
    )


def _known(expected: Iterable[Mapping[str, str]]) -> list[str]:
    rows = [(one["operation"], f"`{one['test']}`", one["reason"]) for one in expected]
    return ["Known to fail:", "", *_table(("operation", "test", "reason"), rows), ""]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [headings, ["---"] * len(headings), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines]


def _number(x: float) -> str:
    return f"{x:.2f}"


def _tier(each: Mapping[str, Any]) -> str:
    """The tier, and what it means where the bits are not the specification's."""
    if each["tier"] == "exact":
        return "exact"
    return f"{each['tier']}, within {each['bound']:g} × the bounds"


def _tests(each: Mapping[str, Any]) -> str:
    return ", ".join(f"{each[word]} {word}" for word in _OUTCOMES if each[word])


def _worst(each: Mapping[str, Any]) -> str:
    shares = [one["maximum"] / one["allowed"] for one in each["errors"] if one["allowed"]]
    return f"at most {max(shares):.2f} of what is allowed" if shares else ""


def _fast(each: Mapping[str, Any]) -> str:
    if "ns_per_option" not in each:
        return ""
    told = f"{each['ns_per_option']:.3g} ns"
    ratio = each.get("times_the_reference")
    return f"{told}, {ratio:.3g} × the reference" if ratio else told


def _speed(kernel: Kernel) -> dict[str, float]:
    """Nanoseconds an option on one thread, and how many times as fast as NumPy's fallback."""
    count = max(1, int(_BATCH * kernel.oracle.share))
    batch = operands.ordinary(kernel, count)
    calls: dict[str, Callable[[], Any]] = {"ns_per_option": lambda: kernel(*batch)}
    reference = testing.fallback(kernel.name)
    if reference is not None:
        calls["reference"] = lambda: reference(*batch)
    least = dict.fromkeys(calls, float("inf"))
    with np.errstate(all="ignore"):
        for _ in range(_TURNS):
            for name, call in calls.items():
                began = time.perf_counter()
                call()
                least[name] = min(least[name], time.perf_counter() - began)
    found = {"ns_per_option": 1e9 * least["ns_per_option"] / count}
    if "reference" in least:
        found["times_the_reference"] = least["reference"] / least["ns_per_option"]
    return found
