"""Environments of the bench's own, `bench/.venv/NAME`, made by pip; none of them has QuantForge."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.packages import CONSTRAINTS, Library

_FOLDER = Path(__file__).parent / ".venv"
_LONGEST = 600.0  # seconds of pip for one library


def python(library: Library) -> Path:
    """Return the interpreter of a library's environment."""
    return _FOLDER / library.environment / "bin" / "python"


def install(libraries: Iterable[Library]) -> list[Library]:
    """Install what is not there yet; return what is, having said what is not and why."""
    refused: dict[tuple[str, ...], str] = {}
    there = []
    for library in libraries:
        if library.requirements not in refused:
            refused[library.requirements] = _installed(library)
        reason = refused[library.requirements]
        if reason:
            print(f"{library.name}: left out, pip cannot install it: {reason}\n")
        else:
            there.append(library)
    return there


def _installed(library: Library) -> str:
    """Install one library unless a stamp says so; return the reason why it is not there, or ""."""
    interpreter = python(library)
    stamp = interpreter.parent.parent / "installed" / f"{library.adapter}.txt"
    wanted = "\n".join([sys.version, *library.requirements, *CONSTRAINTS])
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return ""
    print(f"{library.name}: installing {' '.join(library.requirements)}", flush=True)
    make = (sys.executable, "-m", "venv", "--clear", "--without-pip", interpreter.parent.parent)
    pip = (sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet")
    try:
        if not interpreter.exists():
            _run(*make)
        _run(*pip, *library.requirements, *CONSTRAINTS)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return " ".join(str(said).strip().splitlines()[-1:])[:300]
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(wanted, encoding="utf-8")
    return ""


def _run(*command: str | Path) -> None:
    words = [str(word) for word in command]
    subprocess.run(
        words,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=_LONGEST,
    )


def version(library: Library) -> str:
    """Return the version of a library that pip was asked for."""
    return library.requirements[0].partition("==")[2]
