"""All readers, those of plugins included, and the one that reads a file.

Every plugin is loaded and asked on its own: one that fails costs itself alone, and a line says so.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final, cast

import pluggy

from quantforge import QuantForgeWarning
from quantforge.chain.quotes import ChainError, Quotes
from quantforge.chain.readers import (
    cboe,
    cboe_json,
    cboe_vintage,
    datashop,
    deribit,
    long,
    nse,
    optionmetrics,
    optionsdx,
    schwab,
    wide,
    yfinance,
)
from quantforge.chain.readers.contract import GROUP, Options, Reader, Specification
from quantforge.chain.readers.others import matrix_in
from quantforge.chain.readers.table import is_parquet, read_schema

BUILT_IN: Final[tuple[Reader, ...]] = (
    cboe.READER,
    cboe_vintage.READER,
    cboe_json.READER,
    datashop.READER,
    yfinance.READER,
    optionmetrics.READER,
    optionsdx.READER,
    schwab.READER,
    deribit.READER,
    nse.READER,
    long.READER,
    wide.READER,
)
"""Those that come with the package. Of readers that are equally sure the first reads."""

_HEAD: Final = 1 << 16  # bytes of a file that readers judge it by


@cache
def plugins() -> tuple[Reader, ...]:
    """The readers that other distributions bring, found once."""
    from importlib import metadata

    manager = pluggy.PluginManager("quantforge")
    manager.add_hookspecs(Specification)
    taken = {reader.name for reader in BUILT_IN}
    found: list[Reader] = []
    points = _careful("the list of reader plugins", lambda: metadata.entry_points(group=GROUP))
    for point in sorted(points or (), key=lambda each: each.name):
        if point.name in taken:
            _warn(f"reader {point.name!r} of {point.value} is left out: there is one of this name")
            continue
        reader = _careful(f"reader {point.name!r}", partial(_load, manager, point))
        if reader is not None:
            found.append(reader)
            taken.add(point.name)
    return tuple(found)


def readers() -> dict[str, Reader]:
    """Every reader by its name."""
    return {reader.name: reader for reader in (*BUILT_IN, *plugins())}


def named(name: str) -> Reader:
    """The reader of this name; one that comes with the package needs no plugin to be loaded.

    Raises
    ------
    ValueError
        If there is none.
    """
    built_in = {reader.name: reader for reader in BUILT_IN}
    found = built_in.get(name) or readers().get(name)
    if found is None:
        raise ValueError(f"unknown format {name!r}; known: {', '.join(readers())}")
    return found


def best(raw: bytes, source: str) -> Reader:
    """The reader that is surest of a file.

    Raises
    ------
    ChainError
        If none knows it.
    """
    path = source.removesuffix(".gz")
    known = readers()
    head = raw[:_HEAD]
    if is_parquet(raw):
        line = io.StringIO()
        csv.writer(line).writerow(read_schema(raw, source))
        head = line.getvalue().encode()
    sure = {name: _sniff(reader, head, path) for name, reader in known.items()}
    name = max(sure, key=lambda each: sure[each])
    if sure[name] > 0.0:
        return known[name]
    if matrix := matrix_in(head):
        raise ChainError(f"{source}: {matrix}")
    sought = "; ".join(f"{name} looks for {_seeks(reader)}" for name, reader in known.items())
    raise ChainError(f"{source}: not an option chain of a known format: {sought}")


def read_with(reader: Reader, raw: bytes, source: str, options: Options) -> Quotes:
    """Read a file with one reader.

    Raises
    ------
    ChainError
        Whatever goes wrong in the reader.
    ValueError
        If columns are mapped, or a zone is given, and it has no use for that.
    """
    if options.map and not getattr(reader, "takes_map", False):
        raise ValueError(f"{source}: the reader {reader.name!r} has no use for --map")
    if options.zone is not None and not getattr(reader, "takes_zone", False):
        raise ValueError(
            f"{source}: the reader {reader.name!r} has no use for --zone: the times of its files "
            "have one"
        )
    try:
        quotes: Any = reader.read(raw, source, options)
        if not isinstance(quotes, Quotes):
            raise TypeError(f"it returned {type(quotes).__name__}, not Quotes")
    except ChainError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise ChainError(f"{source}: the reader {reader.name!r} failed: {what}") from error
    return quotes


def _load(manager: pluggy.PluginManager, point: Any) -> Reader:
    plugin = point.load()
    manager.register(plugin, f"{GROUP} {point.name}")  # pluggy checks the hook
    hooks = manager.hook.quantforge_reader.get_hookimpls()
    hook = next((each.function for each in hooks if each.plugin is plugin), None)
    if hook is None:
        raise TypeError("it has no hook implementation `quantforge_reader`")
    reader: Any = hook()
    if reader.name != point.name:
        raise ValueError(f"entry point {point.name!r} has a reader named {reader.name!r}")
    for method in ("sniff", "read"):
        if not callable(getattr(reader, method, None)):
            raise TypeError(f"its reader has no method {method!r}")
    return cast(Reader, reader)


def _sniff(reader: Reader, head: bytes, path: str) -> float:
    sure = _careful(f"reader {reader.name!r}", lambda: float(reader.sniff(head, path)))
    return sure if sure is not None and sure <= 1.0 else 0.0  # and not NaN


def _seeks(reader: Reader) -> str:
    return str(getattr(reader, "seeks", "what it does not say"))


def _careful(what: str, function: Callable[[], Any]) -> Any:
    """What `function` returns, or None and a line that says what went wrong."""
    try:
        return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may call sys.exit
        words = " ".join(str(error).split())
        _warn(f"{what} is left out: {type(error).__name__}: {words}")
        return None


def _warn(message: str) -> None:
    warnings.warn(message, QuantForgeWarning, stacklevel=2)
