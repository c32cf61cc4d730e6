"""The roots of index options: when they settle, and how they are exercised."""

from __future__ import annotations

from typing import Final

_INDEX: Final = {
    "SPX": "open european", "SPXW": "close european", "XSP": "close european",
    "SPESG": "close european", "OEX": "close american", "XEO": "close european",
    "NDX": "open european", "NDXP": "close european", "XND": "close european",
    "NQX": "close european", "RUT": "open european", "RUTW": "close european",
    "MRUT": "close european", "RUI": "open european", "RLG": "open european",
    "RLV": "open european", "DJX": "open european", "VIX": "open european",
    "VIXW": "open european", "RVX": "open european", "MXEA": "close european",
    "MXEF": "close european",
}  # fmt: skip
"""Settlement and exercise, from the contract specifications of Cboe and Nasdaq.

What settles at the open does so at a special opening quotation, of 9:30 on the day of its expiry.
"""

LATE_ROOTS: Final = frozenset({*_INDEX, "SPY", "QQQ", "IWM", "DIA"})
"""Roots that trade for a quarter of an hour after the close (the exchanges' hours)."""

AM_ROOTS: Final = frozenset(root for root, terms in _INDEX.items() if terms.startswith("open"))
"""Roots settled at the open of the expiry date. Every other root is settled at the close."""

EUROPEAN_ROOTS: Final = frozenset(
    root for root, terms in _INDEX.items() if terms.endswith("european")
)
"""Roots of index options exercised at expiry alone.

Options of every other root (OEX, exchange-traded funds, equities, ...) are American.
"""
