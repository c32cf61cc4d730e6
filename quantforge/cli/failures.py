"""What went wrong, as one line and an exit code."""

from __future__ import annotations

import importlib.util

from quantforge.errors import QuantForgeError

NOTHING_USABLE = 1
BAD_INPUT = 2


class Failure(Exception):
    """A command cannot go on; the message is the line that the user sees."""

    def __init__(self, message: str, code: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.code = code


def require(module: str, purpose: str) -> None:
    """End the command unless `module`, of the extra ``cli``, is installed."""
    if importlib.util.find_spec(module) is None:
        raise Failure(
            f"{purpose} needs {module}: pip install 'quantforge-core[cli]'", NOTHING_USABLE
        )


def failure(error: Exception) -> tuple[str, int]:
    """Line and exit code for an exception that ended a command."""
    if isinstance(error, Failure):
        return _one_line(error), error.code
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or _one_line(error)}", BAD_INPUT
    if isinstance(error, ValueError | TypeError):
        return _one_line(error), BAD_INPUT
    if isinstance(error, QuantForgeError):
        return _one_line(error), NOTHING_USABLE
    return (
        f"{type(error).__name__}: {_one_line(error)} (QUANTFORGE_DEBUG=1 shows where)",
        NOTHING_USABLE,
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
