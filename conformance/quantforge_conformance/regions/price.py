"""Options on a lognormal underlying, half of them without a dividend."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from quantforge_conformance.regions.region import Array, Draw, Region, log_uniform


class Options(NamedTuple):
    """The operands of `price`, in the order kernels take them, all of one length."""

    spot: Array
    strike: Array
    time: Array
    rate: Array
    dividend: Array
    sigma: Array
    sign: Array


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
