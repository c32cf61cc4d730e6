"""Functions of declared operations: each has the signature that its declaration implies.

It is generated, as `quantforge.price` is written by hand: it looks its request up and runs it.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, Final

import numpy as np

from quantforge import kinds
from quantforge.calls import Request, in_full, resolve, signs, table
from quantforge.conventions import NO_DIVIDEND
from quantforge.dispatch import settings
from quantforge.exercises import STANDARD
from quantforge.operations import (
    OPERATIONS,
    RAW,
    SIGN,
    STYLE,
    WORDS,
    Operation,
    functions,
    unknown,
)
from quantforge.operations import operation as by_name
from quantforge.plugins import registry
from quantforge.shortest import compiled, underscored

__all__ = ["Declared", "declared", "named"]


class Declared:
    """The function of a declared operation; it can be pickled by the operation's name."""

    def __init__(self, operation: Operation, signature: inspect.Signature) -> None:
        self.__name__ = self.__qualname__ = operation.function
        self.__signature__ = signature
        self.__doc__ = _description(operation)
        self._operation = operation.name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run the operation; every function has an implementation of its own."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_operation, (self._operation,)

    def __repr__(self) -> str:
        return f"<function {self.__name__}{self.__signature__}>"


@cache
def declared(operation: Operation) -> Declared:
    """The function of a declaration; no plugin is looked for before it is called."""
    run = _function(operation)
    made: type[Declared] = type("Declared", (Declared,), {"__call__": staticmethod(run)})
    return made(operation, inspect.signature(run))


def named(name: str) -> Declared:
    """The function of this name, of the first operation that a plugin declares for it."""
    registry()  # plugins declare their operations
    found = next((each for each in OPERATIONS.values() if each.function == name), None)
    if found is None:
        raise unknown("function", name, functions())
    return declared(found)


def _of_operation(name: str) -> Declared:
    """The function of an operation of this name, as a pickle has it."""
    registry()  # plugins declare their operations
    return declared(by_name(name))


def _check(operation: Operation) -> None:
    """Refuse an operation that is not in the catalogue as it is declared."""
    registry()  # plugins declare their operations
    known = OPERATIONS.get(operation.name)
    if known is None:
        raise unknown("operation", operation.name, OPERATIONS)
    if known is not operation and known != operation:
        raise ValueError(f"the catalogue has another declaration of {operation.name!r}")


_CALL: Final = """
def {function}({given}, *, {options}):
    _sign = None
    {signed}
    {chosen}
    _key = {key}_settings()
    try:
        _call = _calls[_key]
        if threads is not None and _type(threads) is not _int:
            raise _KeyError  # as a key, True is 1
    except (_KeyError, _TypeError):  # not seen before, or of a type that no valid request has
        _check(_operation)
        _request = _Request({function!r}, {how})
        {styled}
        _call = _calls[_key] = _resolve(_request, {kind})
    return _call.run({given}, {dividend}, out, _sign)
"""
"""Every name but those of parameters has an underscore in front, which no parameter can have."""

_SIGNED: Final = """
    if _type(kind) is not _str:
        _sign = _kinds.sign(kind) if _type(kind) is _ndarray else _signs(kind)
        kind = "call"
"""
_CHOSEN: Final = """
    if which is _default:  # each operation of a function has one of its own
        which = None
    elif _type(which) is not _tuple and which is not None:
        which = (which,) if _isinstance(which, _str) else _tuple(which)
"""
_STYLED: Final = """
        if not _isinstance(exercise, _str):
            _given = {{{arguments}, "kind": _signs({kind}) if _sign is None else _sign}}
            return _in_full(_request, _given, out)
"""
_KNOWN: Final = {
    "_NO_DIVIDEND": NO_DIVIDEND,
    "_check": _check,
    "_kinds": kinds,
    "_settings": settings.get,
    **underscored(KeyError, TypeError, int, isinstance, str, tuple, type),
    **underscored(Request, in_full, np.ndarray, resolve, signs),
}


def _function(operation: Operation) -> Any:
    """The function that looks requests for an operation up and runs them."""
    inputs = dict.fromkeys(each.argument for each in operation.inputs if each not in WORDS)
    given = [name for name in inputs if name != "dividend"]
    options = _options(operation)
    default = {**Request._field_defaults, "exercise": operation.exercise}
    said = {name: name for name in options}
    if "status" in options:
        said["which"] = "_every if status else None"
    known = {
        "function": operation.function,
        "given": ", ".join(given),
        "options": ", ".join(f"{name}=_options[{name!r}]" for name in options),
        "how": ", ".join(said.get(name, repr(default[name])) for name in default),
        "key": "".join(f"{name}, " for name in options if name in ("kind", "status", *default)),
        "kind": "kind" if "kind" in options else "'call'",
        "dividend": "dividend" if "dividend" in options else "_NO_DIVIDEND",
        "arguments": ", ".join(f"{name!r}: {name}" for name in inputs),
        "signed": _SIGNED.strip() if "kind" in options else "",
        "chosen": _CHOSEN.strip() if "which" in options else "",
    }
    styled = _STYLED.strip().format(**known) if "exercise" in options else ""
    space = {
        **_KNOWN,
        "_calls": table(),
        "_default": options.get("which"),
        "_every": tuple(each.name for each in operation.outputs),
        "_operation": operation,
        "_options": options,
    }
    return compiled(_CALL.format(**known, styled=styled), operation.function, space)


def _options(operation: Operation) -> dict[str, Any]:
    """What the function of an operation takes by name, and what each is where it is not said."""
    options: dict[str, Any] = {}
    if operation.takes_dividend:
        options["dividend"] = NO_DIVIDEND
    if SIGN in operation.inputs:
        options["kind"] = "call"
    options["model"] = operation.model
    if STYLE in operation.inputs:
        options |= {"exercise": operation.exercise, "accuracy": STANDARD}
    if operation.is_named and operation.default_outputs:
        options["which"] = (*operation.default_outputs,)  # one that nobody else can pass
    elif operation.default_outputs and len(operation.outputs) > 1:
        options["status"] = False
    if operation.is_named and any(each.by for each in operation.outputs):
        options["units"] = RAW
    return options | {"out": None, "errors": "nan", "backend": "auto", "threads": None}


def _description(operation: Operation) -> str:
    """The docstring of the function of an operation."""
    meanings = "\n".join(
        f"{each.argument} : array_like\n    {_sentence(each.meaning, each.unit)}; {each.rule}."
        for each in operation.inputs
        if each not in WORDS
    )
    results = "\n".join(
        f"{each.name}\n    {_sentence(each.meaning, each.unit)}." for each in operation.outputs
    )
    summary = f"{operation.summary[:1].upper()}{operation.summary[1:]}."
    others = (
        "Other parameters are those of `quantforge.price`, `quantforge.greeks` and "
        "`quantforge.implied_volatility`."
    )
    return (
        f"{summary}\n\n{others}\n\nParameters\n----------\n{meanings}\n\n"
        f"Returns\n-------\n{results}\n"
    )


def _sentence(*parts: str) -> str:
    return ", ".join(filter(None, parts))
