"""How far implied volatilities and their codes are from the exact ones.

Options are given by their volatility and quoted at the exact price, correctly rounded. A volatility
that comes back is judged by the exact price at it: what that misses the quote by, over vega, is its
error to the second order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import ctx
from numpy.typing import NDArray

from bench.climb import balls, slopes
from bench.climb.formulas import Lognormal
from bench.climb.judging import FINE, Judge
from bench.climb.slopes import Extended, Sloped
from bench.climb.units import spacing
from quantforge import Code

Floats = NDArray[np.float64]

WRONG = 2.0
"""What a code that is off counts, and the more the farther its border is in logarithms.

One that is right counts less than 1.
"""

LEAST = 2.0**-1022  # prices below the normal range are not promised to be inverted

_COARSE = 1e-8  # an attainable error beyond this part of sigma is LOW_PRECISION
_PRICED = (Code.OK, Code.LOW_PRECISION)


class InversionJudge(Judge):
    """Measures volatilities, or the codes beside them."""

    def operands(self, options: Floats) -> Floats:
        """Return the quotes of options, prices first."""
        with ctx.workprec(3 * balls.FIRST_BITS):
            prices = [self._price(lane) for lane in options.T.tolist()]
        *inputs, _, sign = options
        return np.array([prices, *inputs, sign])

    def _price(self, lane: list[float]) -> float:
        """Return an option's price, correctly rounded."""
        for bits in (ctx.prec, 2 * ctx.prec, 8 * ctx.prec):
            with ctx.workprec(bits):
                price = balls.option(self.model, lane).price
                if price.rel_accuracy_bits() > 80:
                    return balls.rounded(price)
        return np.nan

    def over(self, options: Floats) -> Floats:
        """Return each option's error over the bound, fast; -1 where there is none to tell."""
        quotes = self.operands(options)
        with np.errstate(all="ignore"):
            found = self.oracle.public(quotes, backend=self.backend, threads=1)
            sigma, code = (np.asarray(x, np.float64) for x in found)
            return self._judged(quotes, options, sigma, code)

    def _judged(self, quotes: Floats, options: Floats, sigma: Floats, code: Floats) -> Floats:
        solved = np.isin(code, _PRICED) & (sigma > 0) & np.isfinite(sigma)
        settled = options.copy()
        settled[-2] = np.where(solved, sigma, options[-2])
        error, certain, y = self._errors_of_price(quotes[0], settled)
        option = self._sloped(settled, y)
        vega = option.vega.value
        attainable = self._attainable(option, quotes, settled[-2])
        expected, closeness = self._codes(option, quotes, attainable / settled[-2])
        quoted = (quotes[0] >= LEAST) & np.isfinite(quotes[0])
        if self.target.output == "code":
            off = np.where(code != expected, WRONG + closeness, 0.99 * np.exp(-closeness))
            return np.where(quoted, off, -1.0).astype(float)
        off = np.where(solved, error / vega, np.inf) / (self.target.bound.tolerance * attainable)
        told = quoted & np.isin(expected, _PRICED) & (certain / vega <= FINE * attainable)
        return np.where(told & ~np.isnan(off), off, -1.0).astype(float)

    def _errors_of_price(self, paid: Floats, options: Floats) -> tuple[Extended, ...]:
        """Return what exact prices miss the quotes by, how uncertain that is, and the y."""
        with ctx.workprec(3 * balls.FIRST_BITS):
            made = [balls.option(self.model, lane) for lane in options.T.tolist()]
            off = [one.price - price for one, price in zip(made, paid.tolist(), strict=True)]
            error, radius = balls.extended(off)
            return np.abs(error), radius, balls.extended([one.y for one in made])[0]

    def _sloped(self, options: Floats, y: Extended) -> Any:
        *columns, sign = options
        made = self.model(slopes.inputs(columns, False), sign, slopes.normal, slopes.density)
        made.y = Sloped(y, made.y.slopes)
        return made

    def _attainable(self, option: Any, quotes: Floats, sigma: Floats) -> Extended:
        """Return the sum of half a unit in the last place of each input times its slope."""
        names = ("delta", "dual_delta", "theta", "rho", "phi")[: len(quotes) - 2]
        cost = spacing(quotes[0]) / 2
        for x, name in zip(quotes[1:-1], names, strict=True):
            cost = cost + spacing(x) / 2 * np.abs(getattr(option, name).value)
        return cost / option.vega.value + spacing(sigma)

    def _codes(self, option: Any, quotes: Floats, limit: Extended) -> tuple[Floats, Extended]:
        """Return the codes by the reference's rules, and how near the next border is, in logs."""
        paid, sign, y = quotes[0].astype(np.longdouble), quotes[-1], option.y.value
        inside = sign * y > 0
        if self.model is Lognormal:
            a, b = (option.S * option.asset).value, (option.K * option.bond).value
            apart, unit = a - b, 2 * spacing(np.maximum(a, b))
            most = np.where(sign > 0, a, b)
        else:
            paid, apart, most = paid / option.bond.value, y, np.full(y.shape, np.inf)
            unit = 2 * spacing(np.maximum(np.abs(option.F.value), np.abs(option.K.value)))
        over = paid - np.where(inside, np.abs(apart), 0)
        left, last = most - paid, np.where(np.isfinite(most), 2 * spacing(most), 0)
        cases = {
            Code.BELOW_INTRINSIC: over < -unit,
            Code.AT_INTRINSIC: over <= np.where(inside, unit, 0),
            Code.ABOVE_MAXIMUM: left < -last,
            Code.AT_MAXIMUM: left <= last,
            Code.LOW_PRECISION: limit > _COARSE,
        }
        code = np.select([*cases.values()], [*cases], Code.OK)
        borders = [limit / _COARSE, np.where(inside, over / unit, np.inf), left / last]
        return code, np.min([np.abs(np.log(np.abs(x))) for x in borders], axis=0)
