"""The regions of option space in which accuracy is promised, and how to draw from each.

"sd" is the distance of the strike from the forward in standard deviations,
|ln(F/K)| / (sigma sqrt(T)). Half of all options carry no dividend; calls and puts alternate.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from quantforge_conformance import reference

Array = NDArray[np.float64]


class Options(NamedTuple):
    """The operands of `price`, in the order kernels take them, all of one length."""

    spot: Array
    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sigma: Array
    sign: Array


Draw = Callable[[Generator, int], Any]
"""From a generator and a count to that many options, as a named tuple of operands."""


@dataclass(frozen=True)
class Region:
    """A named region of options.

    Where a price is among the operands, `draw` takes the exact one, and `approximate` one from the
    textbook formula in double precision, a thousand times as fast.
    """

    name: str
    draw: Draw
    approximate: Draw | None = None

    def sample(self, count: int, seed: int = 0) -> Any:
        """Return the same `count` options each time, others for another seed."""
        return self.draw(self._generator(seed), count)

    def quick(self, count: int, seed: int = 0) -> Any:
        """Return the same options with approximate prices."""
        with np.errstate(under="ignore"):
            return (self.approximate or self.draw)(self._generator(seed), count)

    def _generator(self, seed: int) -> Generator:
        return np.random.default_rng([seed, zlib.crc32(self.name.encode())])


def log_uniform(rng: Generator, low: float, high: float, count: int) -> Array:
    """Return numbers whose logarithm is uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), count))


def ordinary(rng: Generator, count: int) -> Options:
    """Options as they are quoted."""
    return Options(
        spot=rng.uniform(50, 150, count),
        strike=rng.uniform(50, 150, count),
        time=rng.uniform(0.05, 3, count),
        rate=rng.uniform(0, 0.08, count),
        dividend=rng.uniform(0, 0.06, count) * (np.arange(count) % 4 < 2),
        sigma=rng.uniform(0.05, 0.8, count),
        sign=np.where(np.arange(count) % 2, -1.0, 1.0),
    )


def struck(options: Options, log_moneyness: Array) -> Options:
    """Move the strikes to ln(K/F) = `log_moneyness`."""
    carry = (options.rate - options.dividend) * options.time
    return options._replace(strike=options.spot * np.exp(carry + log_moneyness))


def deviating(rng: Generator, options: Options, low: float, high: float) -> Options:
    """Move the strikes `low` to `high` sd out of the money; negative is in the money."""
    deviations = rng.uniform(low, high, options.spot.size)
    total = options.sigma * np.sqrt(options.time)
    return struck(options, options.sign * deviations * total)


def out_of_the_money(low: float, high: float) -> Draw:
    """Return the draw of options `low` to `high` sd from the forward."""
    return lambda rng, count: deviating(rng, ordinary(rng, count), low, high)


def at_the_money(rng: Generator, count: int) -> Options:
    """S = K exactly, rates and dividends 0, equal or different."""
    o = ordinary(rng, count)
    kind = np.arange(count) % 3
    rate = np.where(kind == 0, 0.0, o.rate)
    return o._replace(strike=o.spot, rate=rate, dividend=np.where(kind == 1, rate, o.dividend))


def near_the_forward(rng: Generator, count: int) -> Options:
    """|ln(F/K)| from 1e-16 to 1e-6, with and without carry."""
    o = ordinary(rng, count)
    o = o._replace(rate=np.where(np.arange(count) % 3 == 0, o.dividend, o.rate))
    return struck(o, log_uniform(rng, 1e-16, 1e-6, count) * rng.choice([-1.0, 1.0], count))


def total_volatility(rng: Generator, count: int) -> Options:
    """Sigma sqrt(T) from 1e-9 to 60, within 4 sd of the forward."""
    o = ordinary(rng, count)
    total = log_uniform(rng, 1e-9, 60, count)
    o = o._replace(sigma=total / np.sqrt(o.time))
    return struck(o, rng.uniform(-4, 4, count) * total)


def short_time(rng: Generator, count: int) -> Options:
    """About 1e-9 years (0.03 s) left, within 6 sd."""
    o = ordinary(rng, count)._replace(time=rng.uniform(0.5e-9, 2e-9, count))
    return deviating(rng, o, -6, 6)


def low_volatility(rng: Generator, count: int) -> Options:
    """Sigma about 1e-7, within 6 sd."""
    o = ordinary(rng, count)._replace(sigma=rng.uniform(0.5e-7, 2e-7, count))
    return deviating(rng, o, -6, 6)


def negative_rates(rng: Generator, count: int) -> Options:
    """Rates below 0, dividends of both signs."""
    o = ordinary(rng, count)
    return o._replace(
        rate=rng.uniform(-0.08, 0, count),
        dividend=np.where(o.dividend > 0, rng.uniform(-0.06, 0.06, count), 0.0),
    )


def large_discounts(rng: Generator, count: int) -> Options:
    """|rT| and |qT| up to 600, within 10 sd; without a dividend the forward reaches e^600 S."""
    o = ordinary(rng, count)
    carried = rng.uniform(-600, 600, count)
    paid = np.clip(carried + rng.uniform(-600, 600, count), -600, 600) * (np.arange(count) % 4 < 2)
    o = o._replace(rate=carried / o.time, dividend=paid / o.time)
    return deviating(rng, o, -10, 10)


def distant_strikes(rng: Generator, count: int) -> Options:
    """|ln(S/K)| up to 300, with total volatilities that reach from S to K in 1 to 36 sd."""
    o = ordinary(rng, count)
    log_ratio = rng.uniform(-300, 300, count)
    total = np.abs(log_ratio) / rng.uniform(1, 36, count)
    return o._replace(
        spot=o.spot * np.exp(log_ratio / 2),
        strike=o.spot * np.exp(-log_ratio / 2),
        sigma=total / np.sqrt(o.time),
    )


def vanishing_prices(rng: Generator, count: int) -> Options:
    """Prices down to 1e-320: ordinary spots 36 to 38.3 sd out, and tiny ones 0 to 8 sd out."""
    o = ordinary(rng, count)
    far = deviating(rng, o, 36, 38.3)
    tiny = deviating(rng, o._replace(spot=log_uniform(rng, 1e-306, 1e-260, count)), 0, 8)
    choice = np.arange(count) % 8 < 4
    return Options(*(np.where(choice, a, b) for a, b in zip(far, tiny, strict=True)))


def denormal_amounts(rng: Generator, count: int) -> Options:
    """Spot and strike below the normal range, within 3 sd."""
    o = ordinary(rng, count)._replace(spot=log_uniform(rng, 1e-322, 2e-308, count))
    return deviating(rng, o, -3, 3)


REGIONS = (
    Region("ordinary", ordinary),
    Region("out of the money 0-4 sd", out_of_the_money(0, 4)),
    Region("out of the money 4-20 sd", out_of_the_money(4, 20)),
    Region("out of the money 21-36 sd", out_of_the_money(21, 36)),
    Region("in the money 0-36 sd", out_of_the_money(-36, 0)),
    Region("spot = strike", at_the_money),
    Region("|ln F/K| 1e-16 to 1e-6", near_the_forward),
    Region("total volatility 1e-9 to 60", total_volatility),
    Region("time 1e-9", short_time),
    Region("sigma 1e-7", low_volatility),
    Region("negative rates", negative_rates),
    Region("|rT| to 600", large_discounts),
    Region("|ln S/K| to 300", distant_strikes),
    Region("prices to 1e-320", vanishing_prices),
    Region("denormal spot and strike", denormal_amounts),
)


class Quotes(NamedTuple):
    """The operands of `implied_volatility`; the price is the exact one, correctly rounded."""

    price: Array
    spot: Array
    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sign: Array


def quoted(name: str, draw: Draw) -> Region:
    """Return the region of the same options by their prices."""

    def exact(rng: Generator, count: int) -> Quotes:
        options = draw(rng, count)
        return Quotes(_exactly(reference.price, options), *options[:5], options.sign)

    def approximate(rng: Generator, count: int) -> Quotes:
        options = draw(rng, count)
        return Quotes(_textbook(options), *options[:5], options.sign)

    return Region(name, exact, approximate)


def _exactly(price: Callable[..., Any], options: Any) -> Array:
    lanes = zip(*(column.tolist() for column in options), strict=True)
    return np.array([float(price(*lane)) for lane in lanes])


_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def _normal(x: Array) -> Array:
    return 0.5 * _erfc(-x / math.sqrt(2))


def _textbook(o: Options) -> Array:
    a, b = o.spot * np.exp(-o.dividend * o.time), o.strike * np.exp(-o.rate * o.time)
    v = o.sigma * np.sqrt(o.time)
    centre = (np.log(o.spot / o.strike) + (o.rate - o.dividend) * o.time) / v
    first, second = (_normal(o.sign * (centre + half)) for half in (0.5 * v, -0.5 * v))
    return _within(o.sign * (a * first - b * second), o.sign * (a - b))


def _within(price: Array, intrinsic: Array) -> Array:
    """Return prices that rounding has not brought below what they are worth at once."""
    return np.maximum(price, np.maximum(intrinsic, 0.0))


def near_the_money(low: float = -3, high: float = 3, **ranges: tuple[float, float]) -> Draw:
    """Return the draw of options `low` to `high` sd out of the money.

    `time`, `sigma` and `total` (sigma sqrt(T)) may have ranges of their own, drawn log-uniformly.
    """

    def draw(rng: Generator, count: int) -> Options:
        return deviating(rng, _ranged(rng, ordinary(rng, count), ranges), low, high)

    return draw


def spot_is_strike(**ranges: tuple[float, float]) -> Draw:
    """Return the draw of options with S = K and the same rate and dividend, or none."""

    def draw(rng: Generator, count: int) -> Options:
        o = _ranged(rng, ordinary(rng, count), ranges)
        rate = np.where(np.arange(count) % 4 < 2, 0.0, o.rate)
        return o._replace(strike=o.spot, rate=rate, dividend=rate)

    return draw


def _ranged(rng: Generator, o: Options, ranges: dict[str, tuple[float, float]]) -> Options:
    drawn = {name: log_uniform(rng, *ends, o.spot.size) for name, ends in ranges.items()}
    if "total" in drawn:
        return o._replace(sigma=drawn["total"] / np.sqrt(o.time))
    return o._replace(**drawn)


def far_from_the_forward(low: float, high: float, total: tuple[float, float]) -> Draw:
    """Return the draw of |ln(F/K)| from `low` to `high`; beyond 3 sd out of the money only."""

    def draw(rng: Generator, count: int) -> Options:
        o, k = ordinary(rng, count), rng.uniform(low, high, count)
        v = rng.uniform(*total, count)
        side = np.where((k > 3 * v) | (rng.random(count) < 0.5), o.sign, -o.sign)
        return struck(o._replace(sigma=v / np.sqrt(o.time)), side * k)

    return draw


TO_INVERT = (
    quoted("ordinary", near_the_money()),
    quoted("out of the money 4-20 sd", out_of_the_money(4, 20)),
    quoted("out of the money 21-36 sd", out_of_the_money(21, 36)),
    quoted("out of the money 36-37.4 sd", out_of_the_money(36, 37.4)),
    quoted("in the money 0-4 sd", out_of_the_money(-4, 0)),
    quoted("in the money 4-7 sd", out_of_the_money(-7, -4)),
    quoted("time 1e-9 to 1e-3", near_the_money(-3, 4, time=(1e-9, 1e-3))),
    quoted("sigma 1e-7 to 1e-2", near_the_money(-3, 4, sigma=(1e-7, 1e-2))),
    quoted("total volatility 1 to 6", near_the_money(-1, 3, total=(1, 6))),
    quoted("total volatility 6 to 12", near_the_money(-0.3, 1, total=(6, 12))),
    quoted("spot = strike", spot_is_strike()),
    quoted("spot = strike, time 1e-9 to 1e-3", spot_is_strike(time=(1e-9, 1e-3))),
    quoted("spot = strike, sigma 1e-7 to 1e-2", spot_is_strike(sigma=(1e-7, 1e-2))),
    quoted("spot = strike, total volatility 1 to 12", spot_is_strike(total=(1, 12))),
    quoted("|ln F/K| 1e-16 to 1e-6", near_the_forward),
    quoted("|ln F/K| 1 to 5", far_from_the_forward(1, 5, (0.3, 3))),
    quoted("|ln F/K| 5 to 16", far_from_the_forward(5, 16, (0.6, 6))),
)


class NormalOptions(NamedTuple):
    """The operands of `bachelier_price`."""

    forward: Array
    strike: Array
    time: Array
    rate: Array
    sigma: Array
    sign: Array


class NormalQuotes(NamedTuple):
    """The operands of `bachelier_implied_volatility`; the price is exact, correctly rounded."""

    price: Array
    forward: Array
    strike: Array
    time: Array
    rate: Array
    sign: Array


def normal_options(low: float, high: float, **ranges: tuple[float, float]) -> Draw:
    """Return the draw of options `low` to `high` sd out of the money; negative is in the money.

    Forwards, and so strikes, have either sign. `forward`, `time` and `sigma` may have ranges of
    their own, drawn log-uniformly, `rate` uniformly.
    """

    def draw(rng: Generator, count: int) -> NormalOptions:
        o = NormalOptions(
            forward=rng.uniform(-50, 150, count),
            strike=np.zeros(count),
            time=rng.uniform(0.05, 3, count),
            rate=rng.uniform(0, 0.08, count),
            sigma=rng.uniform(5, 60, count),
            sign=np.where(np.arange(count) % 2, -1.0, 1.0),
        )
        for name, ends in ranges.items():
            spread = rng.uniform if name == "rate" else lambda a, b, n: log_uniform(rng, a, b, n)
            o = o._replace(**{name: spread(*ends, count)})
        deviations = rng.uniform(low, high, count)
        return o._replace(strike=o.forward + o.sign * deviations * o.sigma * np.sqrt(o.time))

    return draw


def forward_is_strike(rng: Generator, count: int) -> NormalOptions:
    """F = K exactly, sigma from 1e-9 to 1e9."""
    return normal_options(0, 0, sigma=(1e-9, 1e9))(rng, count)


def quoted_normally(name: str, draw: Draw) -> Region:
    """Return the region of the same options by their prices."""

    def exact(rng: Generator, count: int) -> NormalQuotes:
        options = draw(rng, count)
        return NormalQuotes(_exactly(reference.normal_price, options), *options[:4], options.sign)

    def approximate(rng: Generator, count: int) -> NormalQuotes:
        options = draw(rng, count)
        return NormalQuotes(_textbook_normally(options), *options[:4], options.sign)

    return Region(name, exact, approximate)


def _textbook_normally(o: NormalOptions) -> Array:
    v, apart = o.sigma * np.sqrt(o.time), o.sign * (o.forward - o.strike)
    d = apart / v
    value = v * np.exp(-0.5 * d * d) / math.sqrt(2 * math.pi) + apart * _normal(d)
    return np.exp(-o.rate * o.time) * _within(value, apart)


NORMAL = (
    Region("ordinary", normal_options(-4, 4)),
    Region("out of the money 4-20 sd", normal_options(4, 20)),
    Region("out of the money 20-36 sd", normal_options(20, 36)),
    Region("in the money 0-36 sd", normal_options(-36, 0)),
    Region("forward = strike", forward_is_strike),
    Region("time 1e-9", normal_options(-6, 6, time=(0.5e-9, 2e-9))),
    Region("sigma 1e-7 to 1e-2", normal_options(-6, 6, sigma=(1e-7, 1e-2))),
    Region("sigma 1e3 to 1e8", normal_options(-6, 6, sigma=(1e3, 1e8))),
    Region("negative rates", normal_options(-6, 6, rate=(-0.08, 0))),
    Region("|rT| to 600", normal_options(-6, 6, rate=(-200, 200))),
    Region(
        "forwards 1e-9 to 1e-3", normal_options(-6, 6, forward=(1e-9, 1e-3), sigma=(1e-6, 1e-2))
    ),
)

NORMAL_TO_INVERT = (
    quoted_normally("ordinary", normal_options(-3, 3)),
    quoted_normally("out of the money 4-20 sd", normal_options(4, 20)),
    quoted_normally("out of the money 20-36 sd", normal_options(20, 36)),
    quoted_normally("out of the money 36-37.4 sd", normal_options(36, 37.4)),
    quoted_normally("in the money 0-4 sd", normal_options(-4, 0)),
    quoted_normally("in the money 4-6 sd", normal_options(-6, -4)),
    quoted_normally("forward = strike", forward_is_strike),
    quoted_normally("time 1e-9", normal_options(-3, 6, time=(0.5e-9, 2e-9))),
    quoted_normally("sigma 1e-7 to 1e-2", normal_options(-3, 6, sigma=(1e-7, 1e-2))),
    quoted_normally("sigma 1e3 to 1e8", normal_options(-3, 6, sigma=(1e3, 1e8))),
    quoted_normally("negative rates", normal_options(-3, 6, rate=(-0.08, 0))),
    quoted_normally("|rT| to 600", normal_options(-3, 6, rate=(-200, 200))),
    quoted_normally(
        "forwards 1e-9 to 1e-3", normal_options(-3, 6, forward=(1e-9, 1e-3), sigma=(1e-6, 1e-2))
    ),
)
