"""The sample chain that ships with the package, and the program that makes it.

It is an invented index on an invented day, and holds no market data. In form it is a Cboe quote
file with what real ones have: noisy, stale, crossed and empty quotes, options without a volatility,
an expiry that is over, two settlement roots on one date, commas within quotation marks.
``python -m quantforge.chain.sample`` writes it again, byte for byte the same.

It uses no formula of the package, so that it can test them. Black's (1976) is written out here with
`math.erfc`.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from quantforge.chain.reading import SAMPLE

SPOT: Final = 2000.0
QUOTED: Final = datetime(2031, 10, 7, 16, 31, tzinfo=timezone(timedelta(hours=-4)))
SEED: Final = 20311007
STALE, CROSSED, EMPTY, UNRATED = 0.008, 0.006, 0.008, 0.015  # shares of the quotes

_HEADER: Final = (
    '"QuantForge Sample Index, invented",Last: 2000.00,Change:  4.20',
    '"Date: October 7, 2031 at 4:31 PM EDT",Bid: 1999.10,Ask: 2000.90,Size: 1*1,Volume: 0',
    "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,"
    "Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest",
)


@dataclass(frozen=True, slots=True)
class _Expiry:
    """An expiry, and the strikes listed for it."""

    root: str
    day: date
    strikes: range

    @property
    def time(self) -> float:
        """Years from the quotes; the clock goes back an hour on 2 November 2031."""
        hour, minute = (9, 30) if self.root == "SPX" else (16, 0)
        offset = -4 if self.day < date(2031, 11, 2) or self.day >= date(2032, 3, 14) else -5
        zone = timezone(timedelta(hours=offset))
        end = datetime(self.day.year, self.day.month, self.day.day, hour, minute, tzinfo=zone)
        return (end - QUOTED).total_seconds() / (365 * 86400)


EXPIRIES: Final = (
    _Expiry("SPXW", date(2031, 10, 7), range(1900, 2101, 10)),
    _Expiry("SPXW", date(2031, 10, 10), range(1860, 2141, 10)),
    _Expiry("SPX", date(2031, 10, 17), range(1800, 2201, 10)),
    _Expiry("SPXW", date(2031, 10, 17), range(1800, 2201, 20)),
    _Expiry("SPX", date(2031, 11, 21), range(1600, 2401, 20)),
    _Expiry("SPXW", date(2031, 11, 21), range(1700, 2301, 25)),
    _Expiry("SPX", date(2032, 3, 19), range(1300, 2701, 50)),
    _Expiry("SPX", date(2032, 9, 17), range(1000, 3001, 75)),
)


def rate(time: float) -> float:
    """Interest rate of the invented market: 4.6 % falling towards 3.4 %."""
    return 0.034 + 0.012 * math.exp(-time / 0.8)


def forward(time: float) -> float:
    """Forward of the invented index, which yields 1.5 % a year."""
    return SPOT * math.exp((rate(time) - 0.015) * time)


def volatility(strike: float, time: float) -> float:
    """Volatility smile: a skew that flattens with time, and wings."""
    level = 0.165 - 0.035 * math.exp(-time / 0.3)
    distance = math.log(strike / forward(time)) / math.sqrt(time + 0.02)
    bend = math.hypot(distance - 0.15, 0.12) - math.hypot(0.15, 0.12)
    return level * (1.0 - 0.55 * distance + 0.65 * bend)


def black(strike: float, time: float, sign: int, sigma: float) -> tuple[float, float, float]:
    """Price by Black's formula, delta and gamma by the prepaid forward, as Cboe states them."""
    level, discount = forward(time), math.exp(-rate(time) * time)
    deviation = sigma * math.sqrt(time)
    d1 = math.log(level / strike) / deviation + 0.5 * deviation
    price = (
        discount * sign * (level * _normal(sign * d1) - strike * _normal(sign * (d1 - deviation)))
    )
    density = math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
    return price, sign * _normal(sign * d1), density / (discount * level * deviation)


def _normal(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def generate() -> bytes:
    """The sample chain, as the bytes of its file."""
    return "\n".join(("", *_HEADER, *_rows(random.Random(SEED)), "")).encode("ascii")


def _rows(chance: random.Random) -> Iterator[str]:
    for expiry in EXPIRIES:
        for strike in expiry.strikes:
            call, put = (_option(chance, expiry, strike, sign) for sign in (1, -1))
            yield f"{expiry.day:%a %b %d %Y},{call},{strike:.2f},{put}"


def _option(chance: random.Random, expiry: _Expiry, strike: int, sign: int) -> str:
    """Ten fields of one option: symbol, last, net, bid, ask, volume, IV, delta, gamma, interest."""
    symbol = f"{expiry.root}{expiry.day:%y%m%d}{'C' if sign > 0 else 'P'}{strike * 1000:08d}"
    interest = int(chance.expovariate(1 / 400))
    if expiry.time <= 0.0:
        worth = max(0.0, sign * (SPOT - strike))
        return f"{symbol},{_short(worth)},0,0,0,{int(chance.random() * 900)},0,0,0,{interest}"
    sigma = volatility(strike, expiry.time)
    price, delta, gamma = black(strike, expiry.time, sign, sigma)
    bid, ask = _quote(chance, price)
    stated = sigma + chance.gauss(0.0, 0.0004)
    if chance.random() < UNRATED or abs(delta) > 0.9995:
        stated = 0.0
    last = _tick(price * (1.0 + chance.gauss(0.0, 0.02)))
    volume = int(chance.expovariate(1 / 60)) * (chance.random() < 0.6)
    fields = (last, chance.gauss(0.0, 0.05) * last, bid, ask)
    numbers = ",".join(map(_short, fields))
    return f"{symbol},{numbers},{volume},{stated:.4f},{delta:.4f},{gamma:.4f},{interest}"


def _quote(chance: random.Random, price: float) -> tuple[float, float]:
    """Bid and ask around a mid that differs from the price by a part of the spread."""
    half = 0.05 + 0.012 * price**0.75
    middle = price + chance.gauss(0.0, 0.3) * half
    fate = chance.random()
    if fate < STALE:
        middle += math.copysign(5.0 * half, chance.random() - 0.5)
    bid, ask = _tick(max(0.0, middle - half)), _tick(max(0.0, middle + half)) + 0.05
    if STALE <= fate < STALE + CROSSED and bid > 0.0:
        return ask, bid
    if STALE + CROSSED <= fate < STALE + CROSSED + EMPTY:
        return 0.0, 0.0
    return bid, ask


def _tick(price: float) -> float:
    """The price in whole ticks: 0.05 below 3, 0.10 above."""
    tick = 0.05 if price < 3.0 else 0.10
    return round(round(price / tick) * tick, 2)


def _short(value: float) -> str:
    """Two decimals at most, without trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def main(path: Path = SAMPLE) -> int:
    """Write the sample chain."""
    path.write_bytes(generate())
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
