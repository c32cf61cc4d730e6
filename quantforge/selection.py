"""Which results a call asks for, which of them the kernel writes, and how they come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from quantforge.conventions import Model
from quantforge.dividends import CHANGED
from quantforge.exercises import EUROPEAN
from quantforge.operations import Operation

__all__ = ["Selection", "select"]


class Selection(NamedTuple):
    """The results asked for, and those that the kernel writes for them, in the catalogue's order.

    Attributes
    ----------
    names, written : tuple of str
        They differ for the greeks of a forward price: the kernel's rho and phi, derivatives at a
        constant spot, are not what is meant. There rho is their sum, which is -T V where the option
        is paid at expiry, and phi is 0. With cash dividends some results need others, which are
        written too.
    wanted : int
        The set of the written ones: bit i stands for the operation's i-th output.
    types : str
        NumPy's type characters of the written ones.
    at_forward : bool
        Whether rho or phi is asked for, of a forward price.
    """

    names: tuple[str, ...]
    written: tuple[str, ...]
    wanted: int
    types: str
    at_forward: bool

    @property
    def direct(self) -> bool:
        """Whether those written are those asked for."""
        return not self.at_forward and self.names == self.written

    def results(
        self, values: tuple[Any, ...], time: Any, outs: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """The results asked for, from those of the kernel; `outs` says by name where to write."""
        if self.direct:
            return values
        found = dict(zip(self.written, values, strict=True))
        xp = _namespace(values[0])
        if self.at_forward and "rho" in self.names:
            if "phi" in self.written:
                rho = xp.add(found["rho"], found["phi"])
            else:  # an unsigned integer has no negative of its own
                rho = xp.multiply(xp.multiply(-1.0, time), found["price"])
            found["rho"] = _put(rho, outs.get("rho"))
        if self.at_forward and "phi" in self.names:
            nothing = xp.where(xp.isnan(values[0]), values[0], 0.0)[()]
            found["phi"] = _put(nothing, outs.get("phi"))
        return tuple(found[name] for name in self.names)


def _namespace(values: Any) -> Any:
    """The library whose functions compute with a kernel's results, on their device."""
    is_ours = isinstance(values, np.ndarray | np.generic)
    return np if is_ours else getattr(values, "__array_namespace__", lambda: np)()


def _put(result: Any, out: Any) -> Any:
    """A result where it was asked for."""
    if out is None:
        return result
    np.copyto(out, result)
    return out


def select(
    operation: Operation, model: Model, which: Sequence[str] | None, escrowed: bool = False
) -> Selection:
    """Read `which`, by default what the catalogue says; it may be a single name.

    `escrowed` says that there are cash dividends.

    Raises
    ------
    ValueError
        It is empty, or names what is not an output of the operation; the message names those.
    """
    if which is None:
        which = operation.default_outputs or tuple(each.name for each in operation.outputs)
    asked = (which,) if isinstance(which, str) else tuple(which)
    return _select(operation, model, asked, escrowed)


@cache
def _select(
    operation: Operation, model: Model, which: tuple[str, ...], escrowed: bool
) -> Selection:
    names = tuple(output.name for output in operation.written(operation.wanted(which)))
    if not names:
        raise ValueError("which names no result")
    forward = model.on_forward and operation.takes_dividend
    if forward:
        _check_at_forward(operation, model, names)
    at_forward = forward and not {"rho", "phi"}.isdisjoint(names)
    kept = names
    if at_forward:
        kept = tuple(name for name in names if name not in ("rho", "phi"))
        if "rho" in names or not kept:
            kept = (*kept, *_summed(operation))
    if escrowed:
        kept = (*kept, *(CHANGED[name] for name in names if name in CHANGED))
        if operation.inverse_of and operation.exercise != EUROPEAN:
            kept = (*kept, "code")  # of a call the volatility is the least of several
    wanted = operation.wanted(kept)
    written = operation.written(wanted)
    return Selection(
        names,
        tuple(output.name for output in written),
        wanted,
        "".join(output.type for output in written),
        at_forward,
    )


def _summed(operation: Operation) -> tuple[str, ...]:
    """The outputs of which rho at a constant forward is made."""
    if operation.function == "greeks" and operation.exercise == EUROPEAN:
        return ("price",)  # paid at expiry: rho is -T V
    return tuple(each.name for each in operation.outputs if each.name in ("rho", "phi"))


def _check_at_forward(operation: Operation, model: Model, names: Sequence[str]) -> None:
    """Refuse derivatives by the rate or the dividend that are known at a constant spot alone."""
    known = {output.name: output for output in operation.outputs}
    for name in names:
        declared = known[name].by
        by = None if declared is None else [operand.argument for operand in declared]
        is_rho = name == "rho" and by in (None, ["rate"]) and "phi" in known
        is_phi = name == "phi" and by in (None, ["dividend"])
        moves = name in ("rho", "phi") or not {"rate", "dividend"}.isdisjoint(by or ())
        if moves and not is_rho and not is_phi:
            raise ValueError(
                f"{operation.name} does not have {name} for model {model.name!r}, whose dividend "
                "is the rate: it declares no derivatives 'rho' by the rate and 'phi' by the "
                "dividend that make it"
            )
