"""Files about options that are no chains here: what they are, and what helps with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from quantforge.chain.readers.table import head_lines, split_header

_TENOR: Final = re.compile(r"\d{1,3}\s*(?:[dwmy]|mo|yr|day|week|month|year)s?", re.IGNORECASE)
_RATE_FUTURE: Final = re.compile(
    r"(?:SFR|SER|SR[13]|GE|ED|ER|SFI|SO3|[02345][QRNE])[FGHJKMNQUVXZ]\d{1,2}(?:[CP ].*)?"
)


def matrix_in(head: bytes) -> str:
    """What a table of volatilities by expiry and tenor is, empty if it is none."""
    rows = [split_header(line)[1] for line in head_lines(head)[:20] if line.strip()]
    if len(rows) < 2 or len(rows[0]) < 3:
        return ""
    tenors, expiries = rows[0][1:], [row[0] for row in rows[1:] if row]
    if not all(_TENOR.fullmatch(each) for each in (*filter(None, tenors), *expiries[:-1])):
        return ""
    return (
        f"a matrix by expiry ({expiries[0]}, ...) and tenor ({tenors[0]}, ...), as of the "
        "volatilities of swaptions, and no option chain: it has no strikes and no quotes; "
        "quantforge.price(..., model='bachelier') takes such volatilities, 0.00746 for 74.6 basis "
        "points"
    )


def rate_future_in(symbols: Sequence[str]) -> str:
    """What options on a future on an interest rate are, empty if these symbols are of others."""
    if not symbols or not all(_RATE_FUTURE.fullmatch(each.strip()) for each in symbols):
        return ""
    return (
        f"options on a future on an interest rate ({symbols[0].strip()}), quoted as 100 less the "
        "rate: chains are priced by Black's formula, not Bachelier's; quantforge iv --model "
        "bachelier does with forwards and strikes of 100 less theirs, and calls and puts exchanged"
    )
