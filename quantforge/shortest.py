"""The shortest way through a call, generated for each shape of one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge.conventions import NO_DIVIDEND, ZERO
from quantforge.errors import BackendError, KernelError
from quantforge.results import Greeks

__all__ = ["CARRY", "SIGNS", "STYLE", "Shape", "compiled", "methods", "underscored"]


SIGNS: Final = "_signs"
STYLE: Final = "_self.style"
CARRY: Final = "_carry"
"""Operands that are no arguments, as they are called here."""


class Shape(NamedTuple):
    """What the shortest way through a call depends on."""

    function: str
    names: tuple[str, ...]  # of the arguments, in order
    operands: tuple[str, ...]  # what the kernel takes
    on_forward: bool
    several: bool  # results
    direct: bool  # the kernel writes what is asked for
    named: bool  # results are by name


_SHORTEST: Final = """
def {function}(_self, {names}, dividend=_NO_DIVIDEND, out=None{sign}):
    _one = {floats} and out is None and not {signed} and {no_dividend}
    if _one and (_scalar := _self.scalar) is not None:
        try:
            _found = _scalar({numbers})
            {scalars}
        except _BaseException as _error:
            _self.float_failed(_error, {numbers})
    _signs = {signs}
    try:
        if {signed}:
            _kernel = _self.kernel_for(out, {names}, dividend, _signs)
        elif _one:
            _kernel = _self.kernel
        elif out is None:
            {unless_decided}
                try:
                    _single = {sizes} == {count} and (
                        dividend is _NO_DIVIDEND or dividend.size == 1
                    )
                except _AttributeError:
                    _single = False
                _kernel = _self.kernel if _single else _self.kernel_for(None, {names}, dividend)
        elif (
            {arrays} is _type(out) is _ndarray
            and (dividend is _NO_DIVIDEND or _type(dividend) is _ndarray)
        ):  # results that `out` cannot hold are refused by NumPy
            _n = out.size
            _kernel = (
                _self.kernel if _n <= _self.limit
                else _self.kernels[_bisect_right(_self.starts, _n)] or _self.later(_n)
            )
        else:
            _kernel = _self.kernel_for(out, {names}, dividend)
        if _kernel is not None{without_out}:
            _carry = {carry} if dividend is _NO_DIVIDEND else {given_carry}
            _found = _kernel({operands}{out})
            _kind = _type({first})  # labels make labelled results: the full path aligns them
            if _kind is _ndarray or _kind is _float64:
                return {results}
    except _KernelError as _error:
        _self.refuse_rerun(_error, {given_out}, {names}, dividend)
    except (_BackendError, _TypeError, _ValueError):
        pass  # the full path says what is wrong
    return _self.evaluate({{{arguments}, "dividend": dividend, "kind": _signs}}, out)
"""
"""The shortest way from arguments to a kernel. Common cases are recognised inline, because one more
function call costs 5 % of a one-option call. The code is generated for each shape, as dataclasses
generate their methods, so that no call asks what its declaration has answered already.

Every name in it but those of arguments has an underscore in front, which no argument can have."""

_FOR_A_FUNCTION: Final = {  # whose kinds may differ, and each of whose sizes decides anew
    "sign": ", _sign=None",
    "signed": "(_sign is not None)",
    "signs": "_self.sign if _sign is None else _sign",
    "unless_decided": "if True:",
}
_FOR_THE_USER: Final = {
    "sign": "",
    "signed": "False",
    "signs": "_self.sign",
    "unless_decided": "if (_kernel := _self.always) is None:",
}


def underscored(*known: Any) -> dict[str, Any]:
    """Classes and functions by the names that generated code has for them."""
    return {f"_{each.__name__}": each for each in known}


_KNOWN: Final = {
    "_NO_DIVIDEND": NO_DIVIDEND,
    "_ZERO": ZERO,
    **underscored(AttributeError, BaseException, TypeError, ValueError),
    **underscored(BackendError, Greeks, KernelError, bisect_right, np.float64, np.ndarray),
    **underscored(float, map, tuple, type, zip),
}


def methods(shape: Shape) -> dict[str, Any]:
    """The methods of calls of a shape: `run` for a function, `__call__` for the user."""
    names = shape.names
    rate = "rate" if "rate" in names else "0.0"
    of_one = {
        SIGNS: "_self.unit",
        STYLE: "_self.level",
        CARRY: rate if shape.on_forward else "dividend",
    }
    if shape.named:
        time = "time" if "time" in names else "None"
        named = "_Greeks(_zip(_self.selection.names, {}))"
        named = named if shape.direct else f"_self.greeks({{}}, {time})"
        numbers = "_map(_float64, _found)" if shape.direct else "_tuple(_map(_float64, _found))"
        scalars = f"if _found[0] == _found[0]: return {named.format(numbers)}"
        results = named.format("_found" if shape.several or not shape.direct else "(_found,)")
    else:
        scalars = "if _found == _found: return _float64(_found)  # NumPy signals why it is NaN"
        results = "_found"
    no_dividend = "dividend is _NO_DIVIDEND" if shape.on_forward else "_type(dividend) is _float"
    given_carry = f"_self.model.dividend({rate}, dividend)" if shape.on_forward else "dividend"
    known = {
        "function": shape.function,
        "names": ", ".join(names),
        "floats": " and ".join(f"_type({name}) is _float" for name in names),
        "no_dividend": no_dividend,
        "numbers": ", ".join(of_one.get(each, each) for each in shape.operands),
        "scalars": scalars,
        "sizes": " + ".join(f"{name}.size" for name in names),
        "arrays": " is ".join(f"_type({name})" for name in names),
        "given_out": "None" if shape.named else "out",
        "without_out": " and out is None" if shape.named else "",
        "carry": rate if shape.on_forward else "_ZERO",
        "given_carry": given_carry,
        "results": results,
        "operands": ", ".join(shape.operands),
        "out": "" if shape.named else ", out",
        "first": "_found[0]" if shape.several else "_found",
        "count": len(names),
        "arguments": ", ".join(f'"{name}": {name}' for name in names),
    }
    return {
        "run": compiled(_SHORTEST.format(**known, **_FOR_A_FUNCTION), shape.function, _KNOWN),
        "__call__": compiled(_SHORTEST.format(**known, **_FOR_THE_USER), shape.function, _KNOWN),
    }


def compiled(text: str, name: str, known: Mapping[str, Any]) -> Any:
    """The function that a text defines, from what is known to it."""
    space = {"__name__": __name__, **known}
    exec(compile(text, "<the shortest way through a call>", "exec"), space)
    return space[name]
