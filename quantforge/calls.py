"""A resolved request: which kernel serves a call, found once and used by every call like it.

The public functions in `api` look a request up and run it; `bind` hands it to the user. Everything
that a small call pays for is here.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, Final, NamedTuple

import numpy as np

from quantforge import conventions, dispatch, exercises, kernels, kinds, labels, shortest
from quantforge.capabilities import Needs, sizes
from quantforge.contract import ANY_SIZE
from quantforge.dispatch import Settings, settings, under
from quantforge.dividends import Schedule, schedule
from quantforge.errors import BackendError, KernelError, SizeError, did_you_mean
from quantforge.evaluation import ONE_BLOCK, evaluate
from quantforge.exercises import AMERICAN, EUROPEAN, STANDARD
from quantforge.labels import is_labelled
from quantforge.operations import RAW, SIGN, SPLIT_FROM, STEPS, STYLE, UNITS, Operation, find
from quantforge.plan import Plan, Row
from quantforge.plugins import registry
from quantforge.results import Greeks
from quantforge.selection import select

__all__ = ["Call", "Request", "Table", "flags", "in_full", "resolve", "signs", "table"]

_NUMBERS: Final = frozenset({float, int, np.float64})
_PLAIN: Final = frozenset({*_NUMBERS, np.ndarray, type(None)})
_ESCROWED: Final = ("price", "greeks", "implied_volatility")
"""The functions that take cash dividends."""
_UNLABELLED: Final = frozenset({*_NUMBERS, np.ndarray, list, str, type(None)})


class Request(NamedTuple):
    """What a call asks for, apart from its numbers; `which` names the results, None the default.

    `exercise` is a word, or one for each option; `dividends` are paid in cash; `units` are those of
    greeks.
    """

    function: str
    model: str = "black_scholes"
    which: Sequence[str] | None = None
    errors: str = "nan"
    backend: str = "auto"
    threads: int | None = None
    exercise: Any = EUROPEAN
    accuracy: str = STANDARD
    dividends: Schedule = ()
    units: str = RAW


class Call:
    """A request and everything it resolves to.

    Parameters
    ----------
    request : Request
    kind : str or array_like, default "call"
        What `run` prices where it is given no signs.
    size : int, optional
        Decide for batches of this size once and for all; by default each call's own size decides.
    """

    __slots__ = (
        "always",
        "divisors",
        "flags",
        "kernel",
        "kernels",
        "kind",
        "level",
        "limit",
        "longest",
        "model",
        "needs",
        "operation",
        "plan",
        "request",
        "scalar",
        "selection",
        "settings",
        "sign",
        "size",
        "starts",
        "style",
        "unit",
    )

    def __init__(self, request: Request, kind: Any = "call", size: int | None = None) -> None:
        if request.errors not in ("nan", "raise"):
            raise ValueError(f"unknown errors {request.errors!r}; valid: 'nan', 'raise'")
        self.request, self.size, self.settings = request, size, settings.get()
        self.operation = _operation(request)
        style = exercises.style(request.accuracy)
        self.style = style if STYLE in self.operation.inputs else None
        self.level, self.flags = float(style), flags(request.exercise)
        self.model = conventions.model(request.model)
        escrowed = bool(request.dividends)
        if escrowed:
            self._check_dividends()
        self.selection = select(self.operation, self.model, request.which, escrowed)
        self.needs = Needs(self.selection.wanted, self.model.name)
        self.divisors = self._divisors()
        self.kind, self.sign = kind, signs(kind)
        self._decide()

    def _divisors(self) -> tuple[int, ...]:
        """What each result is divided by; empty where none is."""
        if self.request.units not in UNITS:
            valid, hint = ", ".join(map(repr, UNITS)), did_you_mean(self.request.units, UNITS)
            raise ValueError(f"unknown units {self.request.units!r}; valid: {valid}{hint}")
        if self.request.units == RAW:
            return ()
        if not self.operation.is_named:
            raise ValueError(f"units are for greeks, not for {self.request.function}")
        names = self.selection.names
        return tuple(
            math.prod(STEPS[step] for step in self.operation.steps(name)) for name in names
        )

    def _check_dividends(self) -> None:
        """Refuse cash dividends where they are not to be taken off the spot."""
        self.model.check_cash_dividends()
        if self.request.function not in _ESCROWED:
            raise ValueError(
                f"dividends are for {', '.join(_ESCROWED)}, not for {self.request.function}"
            )
        if self.operation.exercise != EUROPEAN and self.request.function == "greeks":
            raise ValueError(
                "dividends are for prices and volatilities of European and American options, and "
                f"for greeks of European ones, not for {self.operation.name}"
            )

    def _is_auto(self) -> bool:
        """Whether another backend may do the work."""
        return self.request.backend == "auto" and self.settings.backend == "auto"

    def _decide(self) -> None:
        """Find the plan, and what serves the smallest batches without threads."""
        self.plan, kernel = self._loaded(self.size)
        if self.size is not None:  # later settings, another profile and other sizes change nothing
            _, backend, threads = self.plan.rows[self.plan.row(self.size)]
            if not sizes(registry().description(backend)):  # it takes batches of any size
                rows = (Row(0, backend, threads),)
                self.plan = Plan(self.plan.operation, rows, self.plan.source)
        self.limit = self.plan.first_size()
        if self.size is None:
            self.limit = min(self.limit, SPLIT_FROM - 1)
        in_full = self.flags is not None or self.request.dividends or self.divisors
        if self.request.errors == "raise" or in_full:
            self.limit = 0  # only the full path looks at results, exercises, pay dates and units
        self.longest = ONE_BLOCK - 1 if len(self.selection.written) > 1 else ANY_SIZE
        if self.limit == 0:
            self.longest = 0
        self.limit = min(self.limit, self.longest)
        if registry().arrays and kernel is not None:
            kernel = _for_numbers(kernel)
        self.kernel = kernel if self.limit > 0 else None
        largest = min(self.longest + 1, SPLIT_FROM)
        self.starts = [row.start for row in self.plan.rows[1:] if row.start < largest] + [largest]
        self.kernels: list[Any] = [None] * (len(self.starts) + 1)  # found when first asked for
        self.always = kernel if self.size is not None and self.limit >= ONE_BLOCK else None
        self.unit = float(self.sign) if np.ndim(self.sign) == 0 else None
        self.scalar: Callable[..., Any] | None = None
        if self.kernel is not None and self.unit is not None and "b" not in self.selection.types:
            try:
                self.scalar = registry().scalar(
                    self.plan.rows[0].backend, self.operation.name, self.selection.wanted
                )
            except BackendError:
                dispatch.invalidate()
                if not self._is_auto():
                    raise
                self._decide()
                return
            if self.scalar and self.operation.is_named and len(self.selection.written) < 2:
                alone = self.scalar
                self.scalar = lambda *option: (alone(*option),)

    def _loaded(self, size: int | None, array: str = "") -> tuple[Plan, Any]:
        """Plan and kernel for a batch; `auto` goes on without a backend that fails to load.

        Without a size, the kernel is that of the smallest batches, None if no backend takes them.
        """
        asked, needs = self.request, self.needs._replace(array=array)
        while True:
            plan = dispatch.plan(self.operation.name, asked.backend, asked.threads, needs)
            if size is None and not plan.rows[0].backend:
                return plan, None
            try:
                return plan, plan.kernel(plan.row(size or 1), self.selection.wanted)
            except SizeError:
                raise
            except BackendError:
                dispatch.invalidate()
                if asked.backend != "auto" or settings.get().backend != "auto":
                    raise

    def _settle(self, size: int) -> tuple[Any, int]:
        """Kernel and number of threads for a batch."""
        plan = self.plan
        try:
            kernel = plan.kernel(plan.row(size), self.selection.wanted)
        except SizeError:
            raise
        except BackendError:
            plan, kernel = self._loaded(size)
        threads = plan.rows[plan.row(size)].threads
        if (threads > 1 or size >= SPLIT_FROM) and self._decided_anew():
            return self._settle(size)
        return kernel, threads

    def _settle_for(self, array: str, size: int) -> tuple[Any, int]:
        """Kernel for a batch of another library's arrays, which its backend takes and returns."""
        return self._loaded(size, array)[1], 1

    def _device(self, arguments: Mapping[str, Any]) -> str:
        """The type of another library's arrays that a backend may take; otherwise NumPy does."""
        found = registry()
        array = found.device_of(arguments.values()) if found.arrays else ""
        if not array:
            return ""
        needs = self.needs._replace(array=array)
        takers = dispatch.candidates(self.operation.name, self.request.backend, needs)
        return array if takers else ""

    def _decided_anew(self) -> bool:
        """Whether the processors have changed, and so the plan; large batches have time to look."""
        if self.size is not None or not dispatch.is_stale():
            return False
        self._decide()
        return True

    def run(self, *arguments: Any, **options: Any) -> Any:
        """Evaluate arguments, given by position or by name; `sign` stands for the kind.

        Each shape has an implementation of its own, generated by `shortest`.
        """
        raise NotImplementedError

    __call__ = run

    def kernel_for(self, out: Any, *operands: Any) -> Any:
        """The kernel for numbers and vectors; None for other operands, or where threads pay.

        The size of the batch is taken from the longest vector. Broadcasting the shapes would cost
        more than a small batch itself.
        """
        size = 1
        for operand in operands:
            kind = type(operand)
            if kind is np.ndarray:
                if operand.ndim > 1:
                    return None
                if operand.size > size:
                    size = operand.size
            elif kind not in _NUMBERS:
                return None
        if out is not None:
            if type(out) is not np.ndarray or out.ndim > 1:
                return None
            size = max(size, out.size)
        if size <= self.limit:
            return self.kernel
        return self.kernels[bisect_right(self.starts, size)] or self.later(size)

    def later(self, size: int) -> Any:
        """The kernel for a batch beyond the smallest ones; None where the full path is due."""
        if size > self.longest:
            return None
        if size >= SPLIT_FROM:
            self._decided_anew()
        row = self.plan.row(size)
        if self.plan.rows[row].threads > 1:
            return None
        kernel = self.plan.kernel(row, self.selection.wanted)
        if size < SPLIT_FROM:
            self.kernels[bisect_right(self.starts, size)] = kernel
        return kernel

    def evaluate(self, arguments: Mapping[str, Any], out: Any = None) -> Any:
        """The full path, from arguments by name, `kind` and `dividend` among them.

        Where options differ in their exercise, it is among them too, as `flags` gives it.
        """
        if self.flags is not None:
            arguments = {**arguments, "exercise": self.flags}
        names = self.selection.names
        is_named = self.operation.is_named
        if is_named:
            if out is not None and not isinstance(out, Mapping):
                kind = type(out).__name__
                raise TypeError(f"out has to map names of results to arrays, and is {kind}")
            given = {} if out is None else dict(out)
            unknown = sorted(given.keys() - set(names))
            if unknown:
                raise ValueError(f"out names {', '.join(unknown)}, which is not asked for")
            outs = tuple(given.get(name) for name in names)
        else:
            outs = (out, *[None] * (len(names) - 1))
        given_types = map(type, (*arguments.values(), *outs))
        if not _UNLABELLED.issuperset(given_types) and any(
            map(is_labelled, (*arguments.values(), *outs))
        ):
            taken = outs if any(each is not None for each in outs) else ()
            found = labels.call(self._plain, arguments, names, taken)
        else:
            found = self._plain(arguments, outs)
        if is_named:
            return Greeks(zip(names, found, strict=True))
        return found if len(found) > 1 else found[0]

    def _plain(self, arguments: Mapping[str, Any], outs: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        """All results, from arguments without labels."""
        names = self.selection.names
        outs = outs or (None,) * len(names)
        if self.selection.direct:
            found = self._values(arguments, outs)
        else:
            named = dict(zip(names, outs, strict=True))
            values = self._values(arguments, tuple(map(named.get, self.selection.written)))
            found = self.selection.results(values, arguments.get("time"), named)
        if not self.divisors:
            return found
        return tuple(map(_divided, found, self.divisors))

    def _values(self, arguments: Mapping[str, Any], outs: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the kernel writes; `auto` goes on without a backend whose kernel raises."""
        array = self._device(arguments)
        settle = partial(self._settle_for, array) if array else self._settle
        try:
            return evaluate(
                self.operation,
                self.model,
                self.selection,
                arguments,
                outs,
                settle,
                self.request.errors,
                self.style,
                self.request.dividends,
                array,
            )
        except KernelError as error:
            if not self._is_auto() or _share_memory(arguments.values(), outs):
                raise
            with self._without(error):
                return self._values(arguments, outs)

    @contextmanager
    def _without(self, failed: KernelError) -> Iterator[None]:
        """Decide anew, for this call's own settings, without a backend whose kernel has raised."""
        try:
            with registry().without(failed):
                dispatch.invalidate()
                with under(self.settings):
                    try:
                        self._decide()
                    except BackendError:  # there is no other
                        raise failed from failed.__cause__
                yield
        except BaseException:
            dispatch.invalidate()
            raise

    def float_failed(self, error: BaseException, *numbers: Any) -> None:
        """Go on without a backend whose function of floats has raised; or raise what it did."""
        backend = self.plan.rows[0].backend
        failed = kernels.failed(error, backend, self.operation.name, numbers)
        if failed is None:
            raise error
        if not self._is_auto():
            raise failed from error
        failed.__cause__ = error
        with self._without(failed):
            pass

    def refuse_rerun(self, failed: KernelError, out: Any, *operands: Any) -> None:
        """Raise if the kernel may have written into operands that another one would have to read.

        What NumPy refuses, it refuses before anything is written.
        """
        refused = isinstance(failed.__cause__, (TypeError, ValueError))
        if not refused and _share_memory(operands, (out,)):
            raise failed from failed.__cause__

    def greeks(self, values: Any, time: Any) -> Greeks:
        """Greeks of which the kernel has not written all that are asked for."""
        several = values if isinstance(values, tuple) else (values,)
        return Greeks(
            zip(self.selection.names, self.selection.results(several, time, {}), strict=True)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _resolve_under, (self.settings, self.request, self.kind, self.size)

    def __repr__(self) -> str:
        row = self.plan.rows[0]
        kind = self.kind if isinstance(self.kind, str) else "mixed"
        european = self.operation.exercise == EUROPEAN
        function = self.request.function if european else f"american {self.request.function}"
        return (
            f"<{function} of a {self.request.model} {kind} on {row.backend}, "
            f"{row.threads} thread{'s' * (row.threads > 1)}>"
        )


def _for_numbers(kernel: Any) -> Any:
    """A kernel that leaves to the full path what another backend may take as it is."""

    def call(*operands: Any) -> Any:
        if not _PLAIN.issuperset(map(type, operands)):
            raise TypeError("other than NumPy's arrays and numbers")
        return kernel(*operands)

    return call


def _divided(result: Any, divisor: int) -> Any:
    """A result per step of the market's, in place where it is an array."""
    if divisor == 1:
        return result
    with np.errstate(under="ignore"):
        if isinstance(result, np.ndarray):
            return np.divide(result, divisor, out=result)
        return result / divisor


def _share_memory(operands: Iterable[Any], outs: Iterable[Any]) -> bool:
    """Whether an output may overlap an operand."""
    return any(
        np.may_share_memory(out, operand)
        for out in outs
        for operand in operands
        if isinstance(out, np.ndarray) and isinstance(operand, np.ndarray)
    )


@cache
def _class_of(shape: shortest.Shape) -> type[Call]:
    """The class of calls of a shape."""
    return type("Call", (Call,), {"__slots__": (), **shortest.methods(shape)})


def resolve(request: Request, kind: Any = "call", size: int | None = None) -> Call:
    """Resolve a request under the current settings; see `Call`."""
    operation, model = _operation(request), conventions.model(request.model)
    selection = select(operation, model, request.which)
    given = {SIGN: shortest.SIGNS, STYLE: shortest.STYLE}
    inputs = [each for each in operation.inputs if each.argument != "dividend"]
    shape = shortest.Shape(
        request.function,
        names=tuple(each.argument for each in inputs if each not in given),
        operands=tuple(
            given.get(each, each.argument if each in inputs else shortest.CARRY)
            for each in operation.inputs
        ),
        on_forward=model.on_forward,
        several=len(selection.written) > 1,
        direct=selection.direct,
        named=operation.is_named,
    )
    return _class_of(shape)(request, kind, size)


def _operation(request: Request) -> Operation:
    """The operation that serves a request."""
    return find(request.function, request.model, exercises.word(request.exercise))


def in_full(request: Request, arguments: Mapping[str, Any], out: Any, dividends: Any = None) -> Any:
    """Take the full path: exercises may differ by option, and dividends be paid in cash."""
    american = flags(request.exercise)
    if american is not None:
        arguments = {**arguments, "exercise": american}
        request = request._replace(exercise=AMERICAN)
    request = request._replace(dividends=schedule(dividends))
    key = *request, type(request.threads), settings.get()  # as a key, True is 1
    try:
        call = _IN_FULL[key]
    except (KeyError, TypeError):  # not seen before, or of a type that no valid request has
        call = resolve(request)
        if len(_IN_FULL) >= _KEPT:  # every schedule of dividends has a call of its own
            _IN_FULL.clear()
        _IN_FULL[key] = call
    return call.evaluate(arguments, out)


Table = dict[tuple[Any, ...], Call]


def table() -> Table:
    """A cache of resolved requests, emptied whenever the plans are."""
    made: Table = {}
    dispatch.on_invalidate(made.clear)
    return made


_IN_FULL: Final = table()
_KEPT: Final = 1000


def signs(kind: Any) -> Any:
    """What `Call.run` takes for `kind`: the kernel's signs, or labels that are still to align."""
    if type(kind) is np.ndarray or not is_labelled(kind):
        return kinds.sign(kind)
    return kind


def flags(exercise: Any) -> Any:
    """What `Call.evaluate` takes for `exercise`; None for a word, which makes a request's own."""
    if isinstance(exercise, str):
        return None
    return exercise if is_labelled(exercise) else exercises.flags(exercise)


def _resolve_under(then: Settings, request: Request, kind: Any, size: int | None) -> Call:
    """Make a pickled call anew: the same request under the same settings."""
    with under(then):
        return resolve(request, kind, size)
