"""Which library a container belongs to, told by its type alone: nothing is imported to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any, Final

__all__ = ["call", "is_labelled"]

# The package and the class, of a container or of what it derives from.
_MODULES: Final = MappingProxyType(
    {
        ("dask", "Array"): "of_dask",
        ("numpy", "MaskedArray"): "of_masked",
        ("pandas", "DataFrame"): "of_pandas",
        ("pandas", "Index"): "of_pandas",
        ("pandas", "Series"): "of_pandas",
        ("polars", "Series"): "of_polars",
        ("pyarrow", "Array"): "of_pyarrow",
        ("pyarrow", "ChunkedArray"): "of_pyarrow",
        ("xarray", "DataArray"): "of_xarray",
    }
)
_TABLES: Final = frozenset(
    {
        ("dask", "DataFrame"),
        ("dask", "Series"),
        ("polars", "DataFrame"),
        ("polars", "LazyFrame"),
        ("pyarrow", "RecordBatch"),
        ("pyarrow", "Table"),
        ("xarray", "DataTree"),
        ("xarray", "Dataset"),
    }
)
_TABLE: Final = "a table"


def is_labelled(value: Any) -> bool:
    """Whether `value` is a container that `call` takes, or refuses for what it is."""
    return _module(type(value)) is not None


def call(
    run: Callable[[dict[str, Any]], tuple[Any, ...]],
    arguments: Mapping[str, Any],
    outputs: tuple[str, ...],
    outs: tuple[Any, ...] = (),
) -> tuple[Any, ...]:
    """Run the core on arguments of which some are containers of one library.

    Parameters
    ----------
    run : callable
        The core: takes the arguments as numbers, words and NumPy arrays, by name, and gives an
        array or a scalar per output. Called once, by dask once per block.
    arguments : mapping of str to object
        The public arguments by name, `kind` among them.
    outputs : tuple of str
        What the results are called; ``"code"`` is int8, everything else float64.
    outs : tuple, optional
        Where to write, an object or None per output.

    Returns
    -------
    tuple
        A container of that library per output, or what `outs` names.

    Raises
    ------
    TypeError
        Containers of several libraries, or a table where a column belongs.
    ValueError
        Labels that cannot be aligned; an element of `outs` that cannot take its result.
    """
    module = ""
    first: tuple[str, Any] = "", None
    given = dict(arguments)
    for name, value in (*given.items(), *(("out", out) for out in outs)):
        found = _module(type(value))
        if found is None:
            continue
        if found is _TABLE:
            raise TypeError(f"{name} is {_described(value)}: pass its columns one by one")
        if not module:
            module, first = found, (name, value)
        elif found != module:
            raise TypeError(
                f"{first[0]} is {_described(first[1])} and {name} {_described(value)}: labels of "
                "different libraries cannot be aligned; convert one of the two"
            )
    results: tuple[Any, ...] = _loaded(module).call(run, given, outputs, outs)
    return results


_seen: dict[type, str | None] = {}


def _module(kind: type) -> str | None:
    if kind in _seen:
        return _seen[kind]
    found = None
    for base in kind.__mro__:
        key = base.__module__.partition(".")[0], base.__name__
        if key in _TABLES or key in _MODULES:
            found = _TABLE if key in _TABLES else _MODULES[key]
            break
    _seen[kind] = found
    return found


@cache
def _loaded(module: str) -> ModuleType:
    return import_module(f"quantforge.labels.{module}")


def _described(value: Any) -> str:
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    article = "an" if package == "xarray" else "a"
    return f"{article} {package} {kind.__name__}"
