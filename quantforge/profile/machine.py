"""What a profile is valid for: this machine (the hard key) and each backend's build (the soft one).

Cheap enough for the first call of a process: nothing is loaded, no process started.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from quantforge.contract import forced_instruction_set
from quantforge.operations import CONTRACT
from quantforge.plugins import registry

__all__ = ["SCHEMA", "Machine", "build", "digest", "own_files", "this_machine"]

SCHEMA: Final = 1
"""Version of the profile's shape; sections of another one are kept and ignored."""

_INSTRUCTION_SETS: Final = (
    "sse4_2", "avx", "avx2", "fma", "avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl",
    "avx512ifma", "avx512vbmi", "asimd", "sve",
)  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """The hard key of a section: with any other, its curves mean nothing here."""

    cpu: str
    isa: str
    budget: int
    contract: int = CONTRACT
    schema: int = SCHEMA

    def serves(self, other: Machine) -> bool:
        """Whether curves measured here hold for `other`, which may have fewer threads."""
        mine, its = ((one.cpu, one.isa, one.contract, one.schema) for one in (self, other))
        return mine == its and self.budget >= other.budget


def this_machine(budget: int) -> Machine:
    """Describe the machine this runs on, with a budget of so many threads."""
    cpu, isa = _processor()
    forced = forced_instruction_set()
    return Machine(cpu, f"{isa} (QUANTFORGE_ISA={forced})" if forced else isa, budget)


@functools.cache
def _processor() -> tuple[str, str]:
    """Model and instruction sets; hypervisors hide the model's name, so its numbers count too."""
    import platform

    facts = _first_processor()
    if not facts:
        return platform.processor() or platform.machine(), ""
    name = facts.get("model name") or facts.get("CPU implementer", "") or platform.machine()
    numbers = [
        facts[key]
        for key in ("cpu family", "model", "stepping", "CPU part", "CPU variant")
        if key in facts
    ]
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    found = [flag for flag in _INSTRUCTION_SETS if flag in flags]
    return f"{name} ({'/'.join(numbers)})", " ".join(found)


def _first_processor() -> dict[str, str]:
    """The first block of /proc/cpuinfo: the kernel makes each on demand, and slowly."""
    facts: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                key, colon, value = line.partition(":")
                if not colon and facts:
                    break
                facts[key.strip()] = value.strip()
    except OSError:
        pass
    return facts


def build(backend: str) -> str:
    """Digest of a backend's installed files and of the versions of what it requires.

    Without loading it: the installer's list of files holds a hash of each, so a rebuild of the
    same version shows; so does another compiler that the backend brings along. How it was
    installed does not: the same wheel is the same build in every environment.
    """
    found = registry()
    facts = own_files(found.distribution(backend))
    for module in found.requires(backend):
        try:
            facts.append(metadata.version(module.partition(".")[0]))
        except metadata.PackageNotFoundError:
            facts.append("")
    return digest(facts) if any(facts) else ""


def digest(facts: Iterable[str]) -> str:
    """A short name for what all of these say."""
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def own_files(distribution: metadata.Distribution | None) -> list[str]:
    """The lines of an installer's list that tell of the package: its files, in a fixed order.

    What the installer adds differs between environments: its notes (``direct_url.json``,
    ``REQUESTED``), commands that name the interpreter, and bytecode. A list that cannot be read
    says nothing.
    """
    try:
        record = (distribution.read_text("RECORD") if distribution else None) or ""
    except ValueError:  # it is not UTF-8
        record = ""
    return sorted(
        line
        for line in record.splitlines()
        if ".dist-info/" not in line and not line.startswith("..") and "__pycache__/" not in line
    )
