"""Standard output belongs to the user's program: what plugins print goes to standard error."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

__all__ = ["to_stderr"]

_STDOUT: Final = 1
_MOST: Final = 1 << 20  # bytes that are passed on of what native code prints


class _Speaker(threading.local):
    """Whose code runs in this thread, and what it has printed of a line that has not ended."""

    name = ""
    line = ""


_speaker = _Speaker()
_lock = threading.Lock()
_users = 0


class _Stdout:
    """A standard output that tells a plugin's words from everybody else's, by their thread."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        if not _speaker.name:
            return int(self.stream.write(text) or 0)
        *lines, _speaker.line = (_speaker.line + text).split("\n")
        for line in lines:
            _say(_speaker.name, line)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def to_stderr(name: str) -> Iterator[None]:
    """Send what this thread prints to standard error, line by line behind `name`."""
    outer = _speaker.name, _speaker.line
    with _replaced(), _descriptor(name):
        _speaker.name, _speaker.line = name, ""
        try:
            yield
        finally:
            if _speaker.line:
                _say(name, _speaker.line)
            _speaker.name, _speaker.line = outer


@contextmanager
def _replaced() -> Iterator[None]:
    """Put a `_Stdout` in the place of ``sys.stdout`` for as long as anybody needs it."""
    global _users
    with _lock:
        _users += 1
        if not isinstance(sys.stdout, _Stdout) and sys.stdout is not None:
            sys.stdout = _Stdout(sys.stdout)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and isinstance(sys.stdout, _Stdout):
                sys.stdout = sys.stdout.stream


@contextmanager
def _descriptor(name: str) -> Iterator[None]:
    """Catch what native code writes to the descriptor, where no other thread can mean it."""
    if threading.active_count() > 1 or not hasattr(os, "memfd_create"):
        yield
        return
    _flush()
    try:
        kept, caught = os.dup(_STDOUT), os.memfd_create("quantforge")
    except OSError:  # closed, or no descriptors are left
        yield
        return
    os.dup2(caught, _STDOUT)
    try:
        yield
    finally:
        _flush()
        os.dup2(kept, _STDOUT)
        text = os.pread(caught, _MOST, 0).decode(errors="replace")
        os.close(kept)
        os.close(caught)
        for line in text.splitlines():
            _say(name, line)


def _flush() -> None:
    """Write out what Python and the C library still hold back."""
    for stream in (sys.stdout, sys.__stdout__):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()  # type: ignore[union-attr]  # there may be none
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).fflush(None)


def _say(name: str, line: str) -> None:
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    with suppress(AttributeError, OSError, ValueError):
        sys.stderr.write(f"{name}: {line}\n")
