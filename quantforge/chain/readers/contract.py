"""What a reader of quote files is, and how a plugin brings one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final, Protocol

import pluggy

from quantforge.chain.quotes import Quotes

GROUP: Final = "quantforge.readers"
"""The group of entry points; each has the name of its reader."""

hookspec = pluggy.HookspecMarker("quantforge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What whoever reads a file has said beside its name; a reader uses what it has a use for.

    `quantforge.chain.read` itself puts `asof`, `spot`, `rate` and `forward` in the place of what
    a reader returns.

    Attributes
    ----------
    asof : datetime or None
        Instant of the quotes, with its time zone. A file without one is read only with it.
    spot, rate, forward : float or None
    map : mapping of str to str
        Columns of the file by the names that the reader has for them.
    zone : tzinfo or None
        The zone of times of day that have none in the file.
    """

    asof: datetime | None = None
    spot: float | None = None
    rate: float | None = None
    forward: float | None = None
    map: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo | None = None


class Reader(Protocol):
    """A format of quote files.

    Attributes
    ----------
    name : str
        As users write it in ``--format NAME``; the entry point of a plugin has the same name.
    seeks : str
        What it recognises its files by, for the error that says why nobody could read one: "a
        column contractSymbol".
    takes_map : bool
        Whether it uses `Options.map`, which is refused otherwise.
    takes_zone : bool
        Whether it uses `Options.zone`, which is refused otherwise. It may be left out.
    dated_by_export : bool
        Whether the time of its files is that of their export, which may be hours after that of
        the quotes.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 # above

    @property
    def seeks(self) -> str: ...  # noqa: D102 # above

    @property
    def takes_map(self) -> bool: ...  # noqa: D102 # above

    @property
    def dated_by_export(self) -> bool: ...  # noqa: D102 # above

    def sniff(self, head: bytes, path: str) -> float:
        """How sure it is that a file is of its format, from 0, certainly not, to 1.

        `head` are the first 64 KiB, decompressed; of a Parquet file it is a line with the names of
        its columns, as of CSV. `path` is the name without ``.gz``, or
        ``standard input``. It is called for every file, so it must be fast, and wrong bytes are no
        reason to raise. 0.9 says that nobody else's files look like this, 0.5 that the columns
        would do, whosever they are.
        """

    def read(self, raw: bytes, source: str, options: Options) -> Quotes:
        """Read the bytes of a whole file, decompressed; `source` is what errors call it.

        Raises
        ------
        ChainError
            If it cannot, in one line: file, line, column, cause, and the option that helps.
        """


class Specification:
    """The hook of a plugin with a reader."""

    @hookspec
    def quantforge_reader(self) -> Reader:
        """Return the plugin's reader."""
        raise NotImplementedError
