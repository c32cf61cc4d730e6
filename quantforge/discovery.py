"""The entry points of plugins, found in the metadata of what is installed, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantforge.contract import GROUP

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

__all__ = ["entry_points", "origin", "owner"]


def entry_points() -> tuple[list[EntryPoint], dict[str, Exception]]:
    """The entry points of all plugins, and by name the distributions whose list is unreadable."""
    from importlib import metadata

    try:
        return list(metadata.entry_points(group=GROUP)), {}
    except Exception:  # one file is not UTF-8, or not of that form: ask each on its own
        points: dict[str, list[EntryPoint]] = {}
        unreadable = {}
        for each in metadata.distributions():
            try:
                name = each.name
                its = [point for point in each.entry_points if point.group == GROUP]
                points.setdefault(name, its)  # the first on the path, as with modules
            except Exception as error:
                if f"[{GROUP}]".encode() in _raw(each, error):
                    unreadable[_folder(each)] = error
        return [point for its in points.values() for point in its], unreadable


def _raw(distribution: Distribution, error: Exception) -> bytes:
    """The list of entry points that cannot be read, as bytes."""
    if isinstance(error, UnicodeDecodeError):
        return bytes(error.object)
    return (distribution.read_text("entry_points.txt") or "").encode(errors="replace")


def _folder(distribution: Distribution) -> str:
    """A name for a distribution whose metadata may be as damaged as the rest."""
    path = getattr(distribution, "_path", None)
    return str(path.name).partition("-")[0] if path is not None else "unnamed distribution"


def origin(point: EntryPoint) -> str:
    """Module and distribution of an entry point, in words."""
    return f"{point.value}{_of_distribution(point)}"


def owner(point: EntryPoint) -> str:
    """A plugin and its distribution, in words."""
    return f"plugin {point.name!r}{_of_distribution(point)}"


def _of_distribution(point: EntryPoint) -> str:
    try:
        return f" of {point.dist.name} {point.dist.version}" if point.dist else ""
    except Exception:  # its metadata is damaged
        return ""
