"""Names of operations, functions, inputs and outputs: what they are made of, and whose they are."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import Final

__all__ = ["check_name", "is_in_namespace", "namespace"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
"""What every place takes that a name comes to: attributes, options, columns, files, commands."""


def check_name(name: object, what: str) -> None:
    """Refuse a name that would not be one everywhere."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            f"{what} {name!r}: a name has small letters, digits and underscores, a letter first"
        )
    if iskeyword(name):
        raise ValueError(f"{what} {name!r}: a word that Python keeps for itself is no name")


def namespace(plugin: str) -> str:
    """What the names that a plugin declares begin with: its own, as a name can be written."""
    return re.sub(r"[^a-z0-9]+", "_", plugin.lower())


def is_in_namespace(name: object, plugin: str) -> bool:
    """Whether a plugin may declare a name: it is the plugin's own, alone or with more behind it."""
    own = namespace(plugin)
    return isinstance(name, str) and (name == own or name.startswith(f"{own}_"))
