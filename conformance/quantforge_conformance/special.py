"""Values at which code goes wrong: NaN with a payload, zeros of both signs, denormals, the ends."""

from __future__ import annotations

import struct
from collections.abc import Mapping


def from_bits(bits: int) -> float:
    """Return the double with these bits."""
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


CANONICAL_NAN = 0x7FF8_0000_0000_0000
NANS = tuple(
    from_bits(bits)
    for bits in (
        CANONICAL_NAN,
        0xFFF8_0000_0000_0000,  # what x86 makes of 0/0
        0x7FF8_0000_0000_002A,  # a payload
        0xFFFF_FFFF_FFFF_FFFF,
        0x7FF0_0000_0000_0001,  # signalling
    )
)

INFINITY = float("inf")
LEAST = 5e-324
_ENDS = (0.0, -0.0, LEAST, 1e-310, 1e-300, 1e300, INFINITY, -INFINITY)

AMOUNT = (100.0, *_ENDS, -1.0, NANS[2])
SPAN = (0.5, *_ENDS, -LEAST, NANS[3])
RATE = (0.05, *_ENDS, -LEAST, 700.0, -1e300, NANS[1])
SIGN = (1.0, -1.0, 0.0, 2.0, INFINITY, NANS[2])

PRICE: Mapping[str, tuple[float, ...]] = {
    "spot": AMOUNT,
    "strike": AMOUNT,
    "time": SPAN,
    "rate": RATE,
    "dividend": RATE,
    "sigma": SPAN,
    "sign": SIGN,
}

_BELIEVED = tuple(rate for rate in RATE if rate != 700.0)  # it is priced, and takes long
AMERICAN_PRICE: Mapping[str, tuple[float, ...]] = {
    **PRICE,
    "rate": _BELIEVED,
    "dividend": _BELIEVED,
    "style": (2.0, 0.0, NANS[2]),
}

EXERCISE_BOUNDARY: Mapping[str, tuple[float, ...]] = {
    name: AMERICAN_PRICE[name]
    for name in ("strike", "time", "rate", "dividend", "sigma", "sign", "style")
}

_ANY = (*AMOUNT, -1e300)
_PAID = (10.0, 3.0, 5.0, 95.0, 101.0, *_ENDS, -1.0, NANS[2])

IMPLIED_VOLATILITY: Mapping[str, tuple[float, ...]] = {
    "price": _PAID,
    **{name: PRICE[name] for name in ("spot", "strike", "time", "rate", "dividend", "sign")},
}
AMERICAN_IMPLIED_VOLATILITY: Mapping[str, tuple[float, ...]] = {
    **IMPLIED_VOLATILITY,
    **{name: AMERICAN_PRICE[name] for name in ("rate", "dividend", "style")},
}
BACHELIER_PRICE: Mapping[str, tuple[float, ...]] = {
    "forward": _ANY,
    "strike": _ANY,
    "time": SPAN,
    "rate": RATE,
    "sigma": (20.0, *SPAN[1:]),
    "sign": SIGN,
}
BACHELIER_IMPLIED_VOLATILITY: Mapping[str, tuple[float, ...]] = {
    "price": _PAID,
    **{name: BACHELIER_PRICE[name] for name in ("forward", "strike", "time", "rate", "sign")},
}
