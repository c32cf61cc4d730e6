"""The profile on disk: where it is, how it is read, written and merged."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from quantforge.errors import warn_once
from quantforge.profile.record import Profile, dump, parse

__all__ = [
    "age",
    "alone",
    "export",
    "first_time",
    "forget",
    "load",
    "merge",
    "path",
    "read",
    "system_paths",
]

_ETC = Path("/etc/quantforge")
_COMMAND = "python -m quantforge.autotune"


def path() -> Path:
    """``QUANTFORGE_PROFILE``, or profile.json in the user's cache directory."""
    given = os.environ.get("QUANTFORGE_PROFILE")
    return Path(given).expanduser() if given else _cache() / "profile.json"


def _cache() -> Path:
    """What `platformdirs` says, worked out here on Linux: this runs on a process's first call."""
    if sys.platform != "linux":
        try:
            import platformdirs
        except ModuleNotFoundError:
            pass
        else:
            return Path(platformdirs.user_cache_dir("quantforge", appauthor=False))
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.strip() else Path.home() / ".cache") / "quantforge"


def load(file: Path) -> Profile:
    """Read a profile from `file`.

    Raises
    ------
    FileNotFoundError, OSError
        It cannot be read.
    ValueError
        It is not a profile.
    """
    try:
        return parse(json.loads(file.read_text(encoding="utf-8")))
    except RecursionError:
        raise ValueError("it is nested without end") from None


_read: dict[Path, tuple[tuple[int, int, int], Profile | None]] = {}


def system_paths() -> tuple[Path, ...]:
    """Where an administrator or an image keeps a profile for those who have none of their own.

    None where ``QUANTFORGE_PROFILE`` names the one to use.
    """
    if os.environ.get("QUANTFORGE_PROFILE"):
        return ()
    return Path(sys.prefix, "share", "quantforge", "profile.json"), _ETC / "profile.json"


def read(file: Path | None = None) -> Profile | None:
    """The profile in `file`, by default that of this user; None without one.

    A damaged one counts as none, with one warning that names the file.
    """
    file = file or path()
    try:
        facts = file.stat()
    except OSError:
        return None
    state = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
    known = _read.get(file)
    if known is None or known[0] != state:
        known = _read[file] = (state, _read_or_warn(file))
    return known[1]


def _read_or_warn(file: Path) -> Profile | None:
    try:
        return load(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        warn_once(
            f"profile {file}",
            f"{file} is not a usable profile ({reason}) and is ignored; "
            f"`{_COMMAND}` writes a new one",
        )
        return None


def merge(profile: Profile, force: bool = False) -> Path:
    """Put what was measured into the file, beside what others have put there; return its path.

    Only with `force` does it replace what was measured with more care.

    Raises
    ------
    OSError
        It cannot be written.
    """
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    with _locked(file):
        _write((read() or Profile()).merged(profile, force), file)
    return file


def export(profile: Profile, file: Path) -> None:
    """Write a profile to any file, whole or not at all."""
    _write(profile, file)


def _write(profile: Profile, file: Path) -> None:
    from quantforge.files.replacing import replacing

    with replacing(file) as temporary:
        temporary.write_text(json.dumps(dump(profile), indent=1) + "\n", encoding="utf-8")


def forget() -> Path | None:
    """Delete the file; return its path, None if there was none."""
    file = path()
    if not file.exists():
        return None
    with _locked(file):
        file.unlink(missing_ok=True)
    return file


def first_time(what: str) -> bool:
    """Whether `what` happens here for the first time; remembered beside the profile.

    False where nothing can be remembered, for then it would be the first time for ever.
    """
    import socket  # takes milliseconds that most processes need not pay

    file = path().with_name(f"{socket.gethostname()}.{what}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(exist_ok=False)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def alone(wait: bool) -> Iterator[bool]:
    """Keep other processes from measuring meanwhile; False if one does and `wait` is false."""
    file = path().with_suffix(".tuning")
    with contextlib.ExitStack() as stack:
        held = True
        with contextlib.suppress(OSError):  # an unwritable place has no lock
            file.parent.mkdir(parents=True, exist_ok=True)
            held = stack.enter_context(_locked(file, wait))
        yield held


@contextlib.contextmanager
def _locked(file: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock that belongs to `file`; False if another process does and `wait` is false.

    The lock file stays: if it were deleted, two processes could lock two files of one name.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system: replacing the file is atomic all the same
        yield True
        return
    with open(file.with_name(file.name + ".lock"), "a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def age(measured: str) -> str:
    """How long ago that was, in words."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(measured)).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}s ago"
    return "just now" if seconds < 60 else "a minute ago"
