"""Tables and figures as the guides have them: Markdown below markers, and JSON beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

Table = tuple[str, list[str], list[list[str]]]
"""Title, headings and rows."""


def markdown(
    headings: Sequence[str], rows: Iterable[Sequence[str]], bold: Collection[str] = ()
) -> str:
    """Return a table as Markdown has it; rows whose name is among those in bold have it so."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)]]
    lines += [[f"**{row[0]}**" if row[0] in bold else row[0], *row[1:]] for row in rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def filled(page: str, marker: str, parts: Mapping[str, str]) -> str:
    """Return a page with the table or list below each comment ``marker: name`` made anew."""
    marked = re.compile(rf"(<!-- {marker}: (\w+) -->\n\n)(?:[|-] .*\n)*")
    return marked.sub(lambda found: found[1] + parts[found[2]], page)


def dump(value: Any, indent: str = "\n") -> str:
    """Return figures as JSON in which whatever holds nothing but plain values is one line."""
    deeper = indent + " "
    if isinstance(value, Mapping) and any(map(_holds, value.values())):
        parts = [f"{json.dumps(name)}: {dump(each, deeper)}" for name, each in value.items()]
        return f"{{{deeper}{f',{deeper}'.join(parts)}{indent}}}"
    if isinstance(value, list) and any(map(_holds, value)):
        return f"[{deeper}{f',{deeper}'.join(dump(each, deeper) for each in value)}{indent}]"
    return json.dumps(value, ensure_ascii=False)


def _holds(value: Any) -> bool:
    return isinstance(value, Mapping | list)


def power(number: float) -> str:
    """Return a number to two digits; a small one times a power of ten, as 1.1e-4."""
    if number >= 0.1:
        return f"{number:.2g}"
    digits, _, exponent = f"{number:.1e}".partition("e")
    return f"{digits}e{int(exponent)}"
