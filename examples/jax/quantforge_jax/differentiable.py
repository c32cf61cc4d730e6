"""Prices that JAX can compile, map and differentiate, computed by QuantForge's own kernels.

JAX calls back for the value and for its derivatives, which are QuantForge's analytic greeks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

import quantforge

__all__ = ["price"]

_ARGUMENTS: Final = ("spot", "strike", "time", "rate", "sigma", "dividend")

# Each result's derivatives by the arguments, and their sign: derivatives by time are those of an
# option whose time runs out.
_DERIVATIVES: Final[Mapping[str, Mapping[str, tuple[str, int]]]] = {
    "price": {
        "spot": ("delta", 1),
        "strike": ("dual_delta", 1),
        "time": ("theta", -1),
        "rate": ("rho", 1),
        "sigma": ("vega", 1),
        "dividend": ("phi", 1),
    },
    "delta": {"spot": ("gamma", 1), "time": ("charm", -1), "sigma": ("vanna", 1)},
    "dual_delta": {"strike": ("dual_gamma", 1)},
    "theta": {"spot": ("charm", 1), "sigma": ("veta", 1)},
    "vega": {"spot": ("vanna", 1), "time": ("veta", -1), "sigma": ("volga", 1)},
    "gamma": {"spot": ("speed", 1), "time": ("color", -1), "sigma": ("zomma", 1)},
    "charm": {"spot": ("color", 1)},
    "vanna": {"spot": ("zomma", 1)},
    "volga": {"sigma": ("ultima", 1)},
}


def price(
    spot: Any,
    strike: Any,
    time: Any,
    rate: Any,
    sigma: Any,
    *,
    dividend: Any = None,
    kind: Any = "call",
    model: str = "black_scholes",
    exercise: str = "european",
    backend: str = "auto",
) -> jax.Array:
    """Price options within programs of JAX, as `quantforge.price` does outside of them.

    It goes through ``jax.jit``, ``jax.vmap``, ``jax.grad``, ``jax.jvp`` and what is made of them.
    The numbers come from QuantForge's kernels on the processor, to which JAX calls back.

    Parameters
    ----------
    spot, strike, time, rate, sigma, dividend : array_like
        As in `quantforge.price`; they broadcast against each other.
    kind : str or array_like
        ``"call"`` or ``"put"`` for all options, or +1 and -1 for each.
    model, exercise, backend : str
        As in `quantforge.price`. They are not traced.

    Returns
    -------
    jax.Array
        Of float64 if JAX has 64 bits enabled, with the bits of `quantforge.price`. Otherwise JAX
        has rounded the arguments to float32, and the result is rounded to it once.

    Raises
    ------
    ValueError
        The model takes no dividend, `kind` is neither a word nor numbers, or `backend` is
        ``"jax"``, which cannot run while JAX waits for it.
    NotImplementedError
        QuantForge has no greek for a derivative of higher order that is asked for.

    Notes
    -----
    The first derivatives are delta, dual_delta, -theta, rho, vega and phi. Those of delta, theta,
    vega, gamma, charm, vanna, volga and dual_delta are there as far as they are greeks, such as
    gamma, vanna, volga, -charm, -veta and dual_gamma. American options have fewer.

    Outside the domain results are NaN, and nothing is signalled.

    Examples
    --------
    >>> import jax
    >>> from quantforge_jax import price
    >>> round(float(jax.grad(price)(100.0, 95.0, 0.5, 0.03, 0.2)), 4)  # delta
    0.7052
    """
    if backend == "jax":
        raise ValueError("backend 'jax' cannot run while JAX waits for it; leave `backend` out")
    operands = [spot, strike, time, rate, sigma]
    if dividend is not None:
        operands.append(dividend)
    options = {"model": model, "exercise": exercise, "backend": backend}
    if isinstance(kind, str):
        options["kind"] = kind
    elif not isinstance(kind, jax.Array) and np.asarray(kind).dtype.kind not in "fiu":
        raise ValueError("kind is a word for all options, or +1 and -1 for each")
    else:
        operands.append(kind)
    named = _ARGUMENTS[: 5 + (dividend is not None)]
    numbers = (jnp.asarray(operand, jnp.result_type(float)) for operand in operands)
    [value] = _results(("price",), named, tuple(options.items()))(*jnp.broadcast_arrays(*numbers))
    return value


@cache
def _results(
    names: tuple[str, ...], arguments: tuple[str, ...], options: tuple[tuple[str, str], ...]
) -> Callable[..., tuple[jax.Array, ...]]:
    """A function of arrays of one shape that returns these results, and knows its derivatives.

    Its arguments are the named ones, and a sign where the options name no kind.
    """

    def compute(*operands: Any) -> tuple[Any, ...]:
        numbers = [np.asarray(operand, np.float64) for operand in operands]
        named = dict(zip((*arguments, "kind"), numbers, strict=False))
        with np.errstate(invalid="ignore"):  # nobody is there to hear it
            if names == ("price",):
                found = {"price": quantforge.price(**named, **dict(options))}
            else:
                found = quantforge.greeks(**named, **dict(options), which=names)
        return tuple(np.asarray(found[name], operands[0].dtype) for name in names)

    @jax.custom_jvp
    def results(*operands: jax.Array) -> tuple[jax.Array, ...]:
        shape = jax.ShapeDtypeStruct(operands[0].shape, operands[0].dtype)
        return tuple(
            jax.pure_callback(compute, (shape,) * len(names), *operands, vmap_method="expand_dims")
        )

    def differentiate(operands: Any, tangents: Any) -> Any:
        moved = {
            argument: tangent
            for argument, tangent in zip(arguments, tangents, strict=False)
            if not isinstance(tangent, SymbolicZero)
        }
        terms = {name: [_derivative(name, each, options) for each in moved] for name in names}
        more = dict.fromkeys(greek for found in terms.values() for greek, _ in found)
        every = (*names, *(greek for greek in more if greek not in names))
        values = dict(zip(every, _results(every, arguments, options)(*operands), strict=True))
        slopes = tuple(
            sum(
                sign * values[greek] * tangent
                for (greek, sign), tangent in zip(found, moved.values(), strict=True)
            )
            for found in terms.values()
        )
        return tuple(values[name] for name in names), slopes

    results.defjvp(differentiate, symbolic_zeros=True)
    return results


def _derivative(name: str, argument: str, options: tuple[tuple[str, str], ...]) -> tuple[str, int]:
    """The greek that a result's derivative is, and its sign."""
    found = _DERIVATIVES.get(name, {}).get(argument)
    american = dict(options)["exercise"] == "american"
    if found is None or (american and found[0] not in quantforge.AMERICAN_GREEKS):
        raise NotImplementedError(
            f"QuantForge has no greek for the derivative of {name} by {argument}"
            f"{' of American options' if american else ''}; differentiate by other arguments"
        )
    return found
