"""Whose package this is: the index has another project's distribution called ``quantforge``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import quantforge
from quantforge.contract import Backend

if TYPE_CHECKING:
    from importlib.metadata import Distribution

CORE: Final = "quantforge-core"


def is_replaced() -> bool:
    """Whether another distribution was installed over the core.

    Its ``__init__.py`` then runs in place of ours, without the names that most commands import.
    """
    return getattr(quantforge, "Backend", None) is not Backend


def other_owners() -> list[str]:
    """The distributions beside the core that own the package, a line each with the remedy."""
    from importlib import metadata  # which most commands do without

    found = []
    for distribution in metadata.distributions():
        try:
            owns, name = _owns(distribution), distribution.metadata["Name"]
        except Exception:  # its metadata is damaged, and says nothing of any file
            continue
        if not owns:
            continue
        if name != CORE:
            found.append(
                f"{name} {distribution.version} is not {CORE} and owns the package quantforge "
                f"too: pip uninstall {name} && pip install --force-reinstall {CORE}"
            )
    return found


def _owns(distribution: Distribution) -> bool:
    """Whether a distribution has installed the package."""
    if distribution.read_text("SOURCES.txt"):
        return False  # an egg-info beside its sources: left by a build, not installed
    modules = (distribution.read_text("top_level.txt") or "").split()
    files = map(str, distribution.files or ())
    return "quantforge" in modules or "quantforge/__init__.py" in files
