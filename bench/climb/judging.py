"""How far results are from the exact values, in the units of a bound, for many options at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import ctx
from numpy.typing import NDArray
from quantforge_conformance.accuracy import Measured
from quantforge_conformance.oracles import ORACLES

from bench.climb import balls
from bench.climb.formulas import Lognormal, Normal
from bench.climb.targets import Target
from bench.climb.units import UNITS, Situation

Floats = NDArray[np.float64]

FINE = 1e-3
"""What of its unit a miss may be uncertain by."""
_LARGEST = np.finfo(np.float64).max


class Judge:
    """Measures one target on options given as an array of a row per operand.

    Parameters
    ----------
    target : Target
    backend : str
        Whose results are measured.
    """

    def __init__(self, target: Target, backend: str) -> None:
        self.target, self.backend = target, backend
        self.oracle = ORACLES[target.operation]
        self.model = Normal if target.operation.startswith("bachelier") else Lognormal

    def results(self, operands: Floats) -> Floats:
        """Return what QuantForge says of the output."""
        with np.errstate(all="ignore"):
            found = self.oracle.public(operands, backend=self.backend, threads=1)
        found = found if isinstance(found, tuple) else (found,)
        return np.asarray(found[self.target.place], np.float64)

    def over(self, options: Floats) -> Floats:
        """Return each option's error over the bound, fast; -1 where there is none to tell."""
        miss = self.misses(options, self.results(options)) / self.target.bound.tolerance
        return np.where(np.isnan(miss), -1.0, miss)

    def misses(self, operands: Floats, results: Floats) -> Floats:
        """Return the errors in the bound's unit, by balls."""
        options = [balls.option(self.model, lane) for lane in operands.T.tolist()]
        exact, error, radius, y = self._errors(options, results, balls.FIRST_BITS)
        with np.errstate(all="ignore"):
            unit = self._unit(operands, exact, y)
            vague = np.flatnonzero(~(radius <= FINE * unit))
            bits = balls.FIRST_BITS
            while vague.size and bits < balls.MOST_BITS:
                bits *= 2
                again = [balls.option(self.model, lane) for lane in operands.T[vague].tolist()]
                found = self._errors(again, results[vague], bits)
                exact[vague], error[vague], radius[vague], y[vague] = found
                unit[vague] = self._unit(operands[:, vague], found[0], found[3])
                vague = vague[~(found[2] <= FINE * unit[vague])]
            unit[vague] = np.nan
            return (error / unit).astype(np.float64)

    def _errors(self, options: list[Any], results: Floats, bits: int) -> tuple[Any, ...]:
        """Return exact values, errors, their uncertainty, and how far forward and strike differ."""
        with ctx.workprec(bits):
            found = [getattr(option, self.target.output) for option in options]
            apart, _ = balls.extended([option.y for option in options])
            exact, _ = balls.extended(found)
            sound = np.isfinite(results)
            told = [ball - result for ball, result in zip(found, results.tolist(), strict=True)]
            told = [ball if ok else found[0] * 0 for ball, ok in zip(told, sound, strict=True)]
            error, radius = balls.extended(told)
        beyond = np.isinf(results) & (np.abs(exact) >= _LARGEST) & ((results > 0) == (exact > 0))
        error = np.where(sound, np.abs(error), np.where(beyond, 0, np.inf))
        return exact, error, radius, apart

    def _unit(self, operands: Floats, exact: Any, y: Any) -> Any:
        """Return the bound's unit; where no fast form is known, the oracle's own."""
        if self.target.bound.name not in UNITS:
            return self._oracles_unit(operands)
        situation = Situation(self.model, operands, self.target.output, exact, y)
        return UNITS[self.target.bound.name](situation)

    def _oracles_unit(self, operands: Floats) -> Any:
        found = []
        for lane in operands.T.tolist():
            exact = self.oracle.exact_values(*lane)[self.target.place]
            found.append(float(self.target.bound.unit(tuple(lane), exact)))
        return np.array(found, np.longdouble)

    def confirmed(self, option: Floats) -> float:
        """Return the error over the bound of one option as the suite's own reference has it."""
        operands = [np.array([x]) for x in self.operands(option[:, None])[:, 0]]
        measured = Measured(self.oracle, operands)
        result = self.results(np.array(operands))
        return self.target.over(measured.worst(self.target.place, self.target.bound, result)[0])

    def operands(self, options: Floats) -> Floats:
        """Return what the kernel is given for some options."""
        return options
