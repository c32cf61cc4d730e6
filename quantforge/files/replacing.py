"""A file appears whole or not at all, and what is no file is never replaced by one."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a temporary file to write, which becomes `path` at the end, or vanishes on any failure.

    A symbolic link stays, and the file that it leads to is replaced. Into a pipe or a character
    device, such as a terminal, the whole is written at the end. Anything else that is no regular
    file is refused. With `private`, nobody but the owner may write to the file.

    Errors of the system name `path`, not the temporary file.
    """
    name = None
    try:
        into = _stream(path)
        target = Path(os.path.realpath(path))
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem}-", suffix=path.suffix, dir=None if into else target.parent
        )
        os.close(handle)
        yield Path(name)
        if into:
            with open(name, "rb") as source, open(path, "wb") as stream:
                shutil.copyfileobj(source, stream)
            os.unlink(name)
        else:
            os.chmod(name, _mode(target) & (~0o022 if private else ~0))
            os.replace(name, target)
    except BaseException as error:
        if name is not None:
            with suppress(OSError):
                os.unlink(name)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _stream(path: Path) -> bool:
    """Whether `path` is a pipe or a character device; what is no file either is refused."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "neither a file, a pipe nor a character device")
    return False


def _mode(path: Path) -> int:
    """Permissions of the file to replace, or of any new file; those of mkstemp are for secrets."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
