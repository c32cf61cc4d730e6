"""The profile on disk: where it is, how it is read, written and merged."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

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
_LARGEST: Final = 4 << 20  # bytes, some hundred times what a machine's section takes


def path() -> Path:
    """``QUANTFORGE_PROFILE``, or profile.json in the user's cache directory.

    A ``~`` stays where there is no such home directory. Nothing is read or written there.
    """
    given = os.environ.get("QUANTFORGE_PROFILE")
    file = Path(given) if given else _cache() / "profile.json"
    with contextlib.suppress(RuntimeError):
        file = file.expanduser()
    return file


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
    return Path(base if base.strip() else "~/.cache") / "quantforge"


def _place() -> Path:
    """The file that `path` leads to, there or not.

    Raises
    ------
    OSError
        It is something else than a regular file, or in a home directory that nobody has.
    """
    file = path()
    if str(file).startswith("~"):
        raise OSError(errno.ENXIO, "there is no such home directory", str(file))
    file = Path(os.path.realpath(file))
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(file))
    return file


def load(file: Path) -> Profile:
    """Read a profile from `file`, a regular one of at most 4 MiB.

    Raises
    ------
    FileNotFoundError, OSError
        It cannot be read.
    ValueError
        It is not a profile.
    """
    try:
        return parse(json.loads(_content(file)))
    except RecursionError:
        raise ValueError("it is nested without end") from None


def _content(file: Path) -> str:
    if not stat.S_ISREG(file.stat().st_mode):
        raise ValueError("it is not a regular file")
    with file.open("rb") as opened:
        content = opened.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"it has more than {_LARGEST >> 20} MiB")
    return content.decode("utf-8")


_read: dict[Path, tuple[tuple[int, ...], Profile | None]] = {}


def system_paths() -> tuple[Path, ...]:
    """Where an administrator or an image keeps a profile for those who have none of their own.

    None where ``QUANTFORGE_PROFILE`` names the one to use.
    """
    if os.environ.get("QUANTFORGE_PROFILE"):
        return ()
    return Path(sys.prefix, "share", "quantforge", "profile.json"), _ETC / "profile.json"


def read(file: Path | None = None) -> Profile | None:
    """The profile in `file`, by default that of this user; None without one.

    One that is damaged, or that somebody else could have written, counts as none, with one warning
    that names the file.
    """
    try:
        file = _place() if file is None else file
        facts = file.stat()
        state = (facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino)
        known = _read.get(file)
        if known is None or known[0] != state:
            known = _read[file] = (state, _read_or_warn(file, facts))
        return known[1]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        _warn(file or path(), str(error.strerror), "QUANTFORGE_PROFILE can name another one")
        return None


def _read_or_warn(file: Path, facts: os.stat_result) -> Profile | None:
    try:
        _check_writers(facts)
        return load(file)
    except ValueError as error:
        _warn(file, " ".join(str(error).split()), f"`{_COMMAND}` writes a new one")
        return None


def _warn(file: Path, reason: str, remedy: str) -> None:
    warn_once(
        f"profile {file}", f"{file} is not a usable profile ({reason}) and is ignored; {remedy}"
    )


def _check_writers(facts: os.stat_result) -> None:
    """Refuse what others than this user, the system and the user's own group could have written."""
    if not hasattr(os, "geteuid"):
        return
    if facts.st_uid not in (os.geteuid(), 0):
        raise ValueError("it belongs to somebody else")
    by_group = facts.st_mode & stat.S_IWGRP and facts.st_gid != os.getegid()
    if by_group or facts.st_mode & stat.S_IWOTH:
        raise ValueError("others may write to it")


def merge(profile: Profile, force: bool = False) -> Path:
    """Put what was measured into the file, beside what others have put there; return its path.

    Only with `force` does it replace what was measured with more care.

    Raises
    ------
    OSError
        It cannot be written.
    """
    file = _place()
    _make_folder(file)
    with _locked(file):
        _write((read() or Profile()).merged(profile, force), file)
    return file


def export(profile: Profile, file: Path) -> None:
    """Write a profile to any file, whole or not at all."""
    _write(profile, file)


def _make_folder(file: Path) -> None:
    """Make the folder of the profile; the cache directory is for this user alone."""
    mode = 0o777 if os.environ.get("QUANTFORGE_PROFILE") else 0o700
    file.parent.mkdir(mode, parents=True, exist_ok=True)


def _write(profile: Profile, file: Path) -> None:
    from quantforge.files.replacing import replacing

    content = json.dumps(dump(profile), indent=1) + "\n"
    if len(content) > _LARGEST:
        raise OSError(errno.EFBIG, f"it would have more than {_LARGEST >> 20} MiB", str(file))
    with replacing(file, private=True) as temporary:
        temporary.write_text(content, encoding="utf-8")


def forget() -> Path | None:
    """Delete the file; return its path, None if there was none.

    Raises
    ------
    OSError
        It cannot be deleted, or is something else than a regular file.
    """
    file = _place()
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
    with contextlib.ExitStack() as stack:
        held = True
        with contextlib.suppress(OSError):  # an unwritable place has no lock
            file = _place().with_suffix(".tuning")
            _make_folder(file)
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

    def at_once(name: str, flags: int) -> int:  # a pipe in its place is an error, not a wait
        return os.open(name, flags | os.O_NONBLOCK, 0o666)

    with open(file.with_name(file.name + ".lock"), "a", opener=at_once) as handle:
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
