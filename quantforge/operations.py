"""The catalogue: one declaration per operation, the single source for all that follows from it.

Signatures, validation, documentation, command-line columns, tuning and conformance read these
declarations. A new operation is one declaration, here or in a package of its own, and a kernel in
each backend that wants it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from quantforge import conventions
from quantforge.conventions import model_of
from quantforge.errors import did_you_mean
from quantforge.exercises import AMERICAN, EUROPEAN
from quantforge.names import check_name, is_in_namespace

__all__ = [
    "ALL",
    "AMERICAN_GREEKS",
    "CONTRACT",
    "DIVIDEND",
    "FIRST_ORDER",
    "MARKET",
    "OPERATIONS",
    "RATE",
    "RAW",
    "SECOND_ORDER",
    "SIGMA",
    "SIGN",
    "SPLIT_FROM",
    "SPOT",
    "STEPS",
    "STRIKE",
    "STYLE",
    "THIRD_ORDER",
    "TIME",
    "UNITS",
    "WORDS",
    "Operand",
    "Operation",
    "Output",
    "clash",
    "find",
    "functions",
    "meant",
    "note_absent",
    "operation",
    "register",
    "unknown",
    "withdraw",
]

CONTRACT = 1
"""Version of the agreement between core and backends; a backend states the one it was built for."""

SPLIT_FROM: Final = 65_536
_SPLIT_AMERICAN_FROM: Final = 1_024  # an American option takes a microsecond or more

_TAKEN: Final = frozenset(
    {
        *("accuracy", "backend", "errors", "exercise", "kind", "model", "out", "status"),
        *("threads", "units", "which"),
    }
)
"""What the public functions take beside an operation's inputs."""

_METHODS: Final = frozenset({*dir(dict), "to_dict", "to_pandas", "to_polars"})
"""What results by name have beside their names: `results.items` would not be an output."""

STEPS: Final[Mapping[str, int]] = MappingProxyType({"1 %": 100, "day": 365})
"""The steps that the market counts by, and how many of them make a unit of an operand."""


@dataclass(frozen=True)
class Operand:
    """One float64 input of a kernel.

    Parameters
    ----------
    name : str
        The field's term, also the column name on the command line.
    meaning, unit : str
        One line each, for documentation.
    nonnegative, finite : bool
        The domain: a value outside it yields NaN and raises NumPy's *invalid* signal.
    typical : tuple of float
        Range of ordinary values, for tuning and examples.
    argument : str
        Its name in the public functions, where that differs.
    step : str
        The step of it that the market counts derivatives by, one of `STEPS`; empty where that is 1.
    """

    name: str
    meaning: str
    unit: str
    typical: tuple[float, float]
    nonnegative: bool = False
    finite: bool = False
    argument: str = ""
    step: str = ""

    def __post_init__(self) -> None:
        """Fill in the argument's name, and check it and the step."""
        check_name(self.name, "operand")
        if self.step and self.step not in STEPS:
            raise ValueError(f"unknown step {self.step!r}; valid: {', '.join(map(repr, STEPS))}")
        if not self.argument:
            object.__setattr__(self, "argument", self.name)
        check_name(self.argument, "argument")

    @property
    def rule(self) -> str:
        """The domain in words."""
        words = ["finite"] * self.finite + [">= 0"] * self.nonnegative
        return " and ".join(words) or "any number"


RAW: Final = "raw"
MARKET: Final = "market"
UNITS: Final = (RAW, MARKET)
"""What derivatives may be per: units of the operands, 1.0 and a year; or the market's steps."""


@dataclass(frozen=True)
class Output:
    """One result of a kernel.

    Parameters
    ----------
    name, meaning, unit : str
    type : str
        NumPy's type character.
    by : tuple of Operand, optional
        What it is a derivative by, an operand for each order; empty for a value. None where that
        is not said.
    """

    name: str
    meaning: str
    unit: str
    type: str = "d"
    by: tuple[Operand, ...] | None = None

    def __post_init__(self) -> None:
        """Check the name and the type."""
        check_name(self.name, "output")
        if self.type not in ("d", "b"):
            raise ValueError(f"type of output {self.name!r} is {self.type!r}; valid: 'd', 'b'")


@dataclass(frozen=True)
class Operation:
    """What a kernel computes: inputs in the order it takes them, outputs in the order it writes.

    Parameters
    ----------
    name, summary : str
        Names are of small letters, digits and underscores. Those that a plugin declares begin with
        the plugin's own name: ``digitals_cash_or_nothing`` of the plugin ``digitals``.
    inputs : tuple of Operand
    outputs : tuple of Output
    numerics : int
        Version of the numerical specification: results keep their bits while it stays, and a
        backend is exact only if it implements this very version.
    function : str
        The public function that runs it; a name like the operation's, and often the same.
    family : str
        The family of models that it serves; see `quantforge.conventions.Model`.
    exercise : str
        When the option may be exercised.
    default_outputs : tuple of str
        Where the user chooses the outputs, those computed by default; empty where all are always
        written.
    inverse_of : str
        For an operation that finds an input of another one, the other's name. The first input is
        then the other's result.
    vectors : str
        The package with ``data/golden/<name>.txt``, the bits that an exact backend must return.
    split_from : int
        Batch size from which an untuned machine uses its threads: late rather than wrong.
    """

    name: str
    summary: str
    inputs: tuple[Operand, ...]
    outputs: tuple[Output, ...]
    numerics: int
    function: str
    family: str = "lognormal"
    exercise: str = "european"
    default_outputs: tuple[str, ...] = ()
    inverse_of: str = ""
    vectors: str = "quantforge"
    split_from: int = SPLIT_FROM

    def __post_init__(self) -> None:
        """Refuse what could not be called, where it is declared."""
        for what, name in (("operation", self.name), ("function", self.function)):
            check_name(name, what)
        if type(self.numerics) is not int or self.numerics < 1:
            raise ValueError(f"numerics of {self.name} is {self.numerics!r}; it counts from 1")
        if self.exercise not in (EUROPEAN, AMERICAN):
            valid = f"{EUROPEAN!r}, {AMERICAN!r}"
            raise ValueError(f"exercise of {self.name} is {self.exercise!r}; valid: {valid}")
        families = {model.family: None for model in conventions.MODELS.values()}
        if self.family not in families:
            valid = ", ".join(map(repr, families))
            raise ValueError(f"family of {self.name} is {self.family!r}; valid: {valid}")
        self._check_lists()

    def _check_lists(self) -> None:
        """Refuse inputs and outputs that are missing, given twice, or named like something else."""
        given = [each.argument for each in self.inputs if each not in WORDS]
        names = [each.name for each in self.outputs]
        for what, listed in (("inputs", given), ("outputs", names)):
            twice = {name for name in listed if listed.count(name) > 1}
            if not listed or twice:
                why = f"has {', '.join(sorted(twice))} twice among its" if twice else "has no"
                raise ValueError(f"{self.name} {why} {what}")
        for name in given:
            if name in _TAKEN:
                raise ValueError(
                    f"an input of {self.name} cannot be called {name!r}: its function takes that "
                    "for something else"
                )
        for name in names if self.is_named else ():
            if name in _METHODS:
                raise ValueError(
                    f"an output of {self.name} cannot be called {name!r}: results by name have a "
                    "method of that name"
                )
        self.wanted(self.default_outputs)

    @property
    def is_named(self) -> bool:
        """Whether its function returns results by name, as `greeks` does."""
        return len(self.outputs) > 1 and not self.inverse_of

    @property
    def model(self) -> str:
        """The first model that it serves."""
        return model_of(self.family).name

    @property
    def models(self) -> tuple[str, ...]:
        """All models that it serves."""
        known = conventions.MODELS.items()
        return tuple(name for name, model in known if model.family == self.family)

    def served(self, model: str) -> str:
        """A model if it serves it, otherwise the first one that it does."""
        return model if model in self.models else self.model

    @property
    def takes_dividend(self) -> bool:
        """Whether a dividend is among its inputs."""
        return any(operand.argument == "dividend" for operand in self.inputs)

    @property
    def all_outputs(self) -> int:
        """The set of all outputs: bit i stands for the i-th."""
        return (1 << len(self.outputs)) - 1

    def wanted(self, names: Iterable[str]) -> int:
        """The set of the named outputs; an unknown name raises ValueError naming the valid ones."""
        places = {output.name: place for place, output in enumerate(self.outputs)}
        wanted = 0
        for name in names:
            if name not in places:
                raise ValueError(
                    f"unknown output {name!r} of {self.name}; valid: {', '.join(places)}"
                    f"{did_you_mean(name, places)}"
                )
            wanted |= 1 << places[name]
        return wanted

    def steps(self, name: str) -> tuple[str, ...]:
        """The market's steps that an output is per, one for each order of a derivative.

        An operand that the output is a derivative by may be another one of the same name here.

        Raises
        ------
        ValueError
            The declaration does not say what the output is a derivative by.
        """
        [output] = (each for each in self.outputs if each.name == name)
        if output.by is None:
            raise ValueError(
                f"{self.name} does not say what {name} is a derivative by, so that it has no "
                f"units={MARKET!r}"
            )
        own = {operand.argument: operand for operand in self.inputs}
        steps = (own.get(operand.argument, operand).step for operand in output.by)
        return tuple(step for step in steps if step)

    def written(self, wanted: int) -> tuple[Output, ...]:
        """The outputs of a set, in the order in which a kernel writes them."""
        return tuple(each for place, each in enumerate(self.outputs) if wanted >> place & 1)


SPOT = Operand("spot", "price of the underlying", "currency", (50.0, 150.0), nonnegative=True)
STRIKE = Operand("strike", "exercise price", "currency", (50.0, 150.0), nonnegative=True)
TIME = Operand("time", "time to expiry", "years", (0.05, 3.0), nonnegative=True, step="day")
RATE = Operand("rate", "risk-free rate", "1/year, continuous", (0.0, 0.08), finite=True, step="1 %")
DIVIDEND = Operand(
    "dividend", "dividend yield", "1/year, continuous", (0.0, 0.04), finite=True, step="1 %"
)
SIGMA = Operand("sigma", "volatility", "1/sqrt(year)", (0.05, 0.8), nonnegative=True, step="1 %")
SIGN = Operand("sign", "+1 for a call, -1 for a put", "", (-1.0, 1.0), argument="kind")
STYLE = Operand(
    "style",
    "0 for a European option; 1, 2, 3 for an American one at fast, standard, high accuracy",
    "",
    (2.0, 2.0),
    argument="exercise",
)
WORDS: Final = (SIGN, STYLE)
"""Operands that users do not give as numbers."""

ANY_FORWARD = Operand("forward", "forward price", "currency", (50.0, 150.0), argument="spot")
ANY_STRIKE = Operand("strike", "exercise price, of any sign", "currency", (50.0, 150.0))
ABSOLUTE_SIGMA = Operand(
    "sigma", "absolute volatility", "currency/sqrt(year)", (5.0, 50.0), nonnegative=True
)
PREMIUM = Operand("price", "price of the option", "currency", (1.0, 40.0))

FIRST_ORDER: Final = ("price", "delta", "gamma", "vega", "theta", "rho", "phi")
"""The results that `greeks` has by default: the price, the first derivatives, and gamma."""
SECOND_ORDER: Final = ("vanna", "volga", "charm", "veta", "dual_delta", "dual_gamma")
"""The second derivatives but for gamma, and those by the strike."""
THIRD_ORDER: Final = ("speed", "color", "zomma", "ultima")
"""The third derivatives."""
ALL: Final = FIRST_ORDER + SECOND_ORDER + THIRD_ORDER
"""Everything that `greeks` can return."""
AMERICAN_GREEKS: Final = (*FIRST_ORDER, "vanna", "charm", "dual_delta", "dual_gamma")
"""Those that American options have."""

_VALUE = Output("price", "present value of the option", "currency", by=())
_GREEKS = (
    _VALUE,
    Output("delta", "dV/dS", "", by=(SPOT,)),
    Output("gamma", "d2V/dS2", "1/currency", by=(SPOT, SPOT)),
    Output("vega", "dV/dsigma, per 1.0 of volatility", "currency", by=(SIGMA,)),
    Output("theta", "-dV/dT, per year", "currency/year", by=(TIME,)),
    Output("rho", "dV/drate, per 1.0", "currency", by=(RATE,)),
    Output("phi", "dV/ddividend, per 1.0", "currency", by=(DIVIDEND,)),
    Output("vanna", "d2V/dS dsigma", "", by=(SPOT, SIGMA)),
    Output("volga", "d2V/dsigma2", "currency", by=(SIGMA, SIGMA)),
    Output("charm", "-d2V/dS dT, per year", "1/year", by=(SPOT, TIME)),
    Output("veta", "-d2V/dsigma dT, per year", "currency/year", by=(SIGMA, TIME)),
    Output("dual_delta", "dV/dK", "", by=(STRIKE,)),
    Output("dual_gamma", "d2V/dK2", "1/currency", by=(STRIKE, STRIKE)),
    Output("speed", "d3V/dS3", "1/currency2", by=(SPOT, SPOT, SPOT)),
    Output("color", "-d3V/dS2 dT, per year", "1/(currency year)", by=(SPOT, SPOT, TIME)),
    Output("zomma", "d3V/dS2 dsigma", "1/currency", by=(SPOT, SPOT, SIGMA)),
    Output("ultima", "d3V/dsigma3", "currency", by=(SIGMA, SIGMA, SIGMA)),
)
_IMPLIED = (
    Output("sigma", "implied volatility", "1/sqrt(year)"),
    Output("code", "why there is none, or how good it is", "", "b"),
)
_LOGNORMAL = (SPOT, STRIKE, TIME, RATE, DIVIDEND, SIGMA, SIGN)
_BACHELIER = (ANY_FORWARD, ANY_STRIKE, TIME, RATE, ABSOLUTE_SIGMA, SIGN)

_OPERATIONS: Final[dict[str, Operation]] = {}
_RESOLVED: Final[dict[tuple[str, str, str], str]] = {}
_ABSENT: Final[dict[str, str]] = {}  # why a plugin has declared nothing, by its name

OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType(_OPERATIONS)
"""The catalogue by name: our operations, then those that `register` has added."""


def register(operation: Operation) -> Operation:
    """Add an operation to the catalogue; adding the same one again changes nothing.

    Parameters
    ----------
    operation : Operation

    Returns
    -------
    Operation
        The one given.

    Raises
    ------
    TypeError
        It is not an `Operation`.
    ValueError
        Another one has its name, or serves the same function, family and exercise.
    """
    if not isinstance(operation, Operation):
        raise TypeError(f"{operation!r} is not a quantforge.Operation")
    for known in _OPERATIONS.values():
        if common := clash(operation, known):
            raise ValueError(
                f"operation {operation.name!r} cannot be registered: {common} is there already"
            )
    _OPERATIONS[operation.name] = operation
    _RESOLVED[_served(operation)] = operation.name
    return operation


def withdraw(operation: Operation) -> None:
    """Take a registered operation out of the catalogue again, if it is there."""
    if _OPERATIONS.get(operation.name) == operation:
        del _OPERATIONS[operation.name], _RESOLVED[_served(operation)]


def _served(operation: Operation) -> tuple[str, str, str]:
    """What it alone serves."""
    return operation.function, operation.family, operation.exercise


def _given(operation: Operation) -> tuple[object, ...]:
    """What a call of its function has to give it, which is what every one of its operations takes.

    Those on a forward have a dividend of their own, and an exercise chooses between operations.
    """
    inputs = [each.argument for each in operation.inputs if each not in WORDS]
    on_forward = all(conventions.MODELS[name].on_forward for name in operation.models)
    takes_dividend = operation.takes_dividend or on_forward
    given = tuple(name for name in inputs if name != "dividend")
    return given, SIGN in operation.inputs, takes_dividend


def clash(one: Operation, other: Operation) -> str:
    """What two declarations share that one alone may have, in words; empty if they get along."""
    if one == other:
        return ""
    if one.name == other.name:
        changed = [name for name, value in vars(one).items() if vars(other)[name] != value]
        return f"operation {one.name!r} (with another {', '.join(changed)})"
    if one.function == other.function and _given(one) != _given(other):
        return f"function {one.function!r} with other inputs (by {one.name!r} and {other.name!r})"
    if _served(one) == _served(other):
        how = f"with {one.family} models and {one.exercise} exercise"
        return f"function {one.function!r} {how} (by {one.name!r} and {other.name!r})"
    if one.function != other.function:
        for name, function in ((one.name, other.function), (other.name, one.function)):
            if name == function:
                return f"{name!r}, as an operation and as another one's function"
    return ""


def note_absent(reasons: Mapping[str, str]) -> None:
    """Take note of the plugins that have declared nothing, by name with the reason."""
    _ABSENT.clear()
    _ABSENT.update(reasons)


def meant(name: object, valid: Iterable[object]) -> str:
    """What to add to a complaint about a name: who may declare it, or which other is nearly it."""
    for plugin, why in _ABSENT.items():
        if is_in_namespace(name, plugin):
            return f"; plugin {plugin!r}, which may declare it, is {why}"
    return did_you_mean(name, valid)


def unknown(what: str, name: object, valid: Iterable[str]) -> ValueError:
    """What to raise for a name that is none of the valid ones."""
    names = list(valid)
    return ValueError(f"unknown {what} {name!r}; valid: {', '.join(names)}{meant(name, names)}")


def find(function: str, model: str = "black_scholes", exercise: str = "european") -> Operation:
    """The operation that a public function runs for a model; its name in the catalogue serves too.

    Where model and exercise are those that a call has by default, it may be one of others: the
    operation of that name, or the function's first.

    Raises
    ------
    ValueError
        There is none, or the operation of that name serves other models or another exercise; the
        message names the valid ones.
    """
    family = conventions.model(model).family
    try:
        return _OPERATIONS[_RESOLVED[function, family, exercise]]
    except (KeyError, TypeError):
        pass  # a name, a function of others, or wrong
    own = [each for each in _OPERATIONS.values() if function in (each.name, each.function)]
    named = min(own, key=lambda each: each.name != function) if own else operation(function)
    if named.exercise != exercise and exercise != "european":  # the default may have gone unsaid
        raise ValueError(_where_served(exercise))
    if named.family != family and model != "black_scholes":  # the default may have gone unsaid
        raise ValueError(f"{named.name!r} is not for model {model!r} but for {named.model!r}")
    return named


def _where_served(exercise: str) -> str:
    """Say which functions serve an exercise, with which models."""
    served = [each for each in _OPERATIONS.values() if each.exercise == exercise]
    if not served:
        valid = ", ".join(dict.fromkeys(repr(each.exercise) for each in _OPERATIONS.values()))
        return f"unknown exercise {exercise!r}; valid: {valid}"
    where = (f"{each.function} with the models {', '.join(each.models)}" for each in served)
    return f"exercise {exercise!r} is available for {' and '.join(where)}"


def functions() -> tuple[str, ...]:
    """The names of the public functions that run the catalogue's operations."""
    return tuple(dict.fromkeys(each.function for each in _OPERATIONS.values()))


def operation(name: str) -> Operation:
    """Look `name` up; an unknown one raises ValueError naming the valid ones."""
    try:
        return _OPERATIONS[name]
    except (KeyError, TypeError):
        raise unknown("operation", name, dict.fromkeys([*functions(), *_OPERATIONS])) from None


for _operation in (
    Operation(
        name="price",
        summary="European option on a lognormal underlying",
        inputs=_LOGNORMAL,
        outputs=(_VALUE,),
        numerics=2,
        function="price",
    ),
    Operation(
        name="greeks",
        summary="price and sensitivities on a lognormal underlying",
        inputs=_LOGNORMAL,
        outputs=_GREEKS,
        numerics=2,
        function="greeks",
        default_outputs=FIRST_ORDER,
    ),
    Operation(
        name="implied_volatility",
        summary="volatility implied by a price on a lognormal underlying",
        inputs=(PREMIUM, SPOT, STRIKE, TIME, RATE, DIVIDEND, SIGN),
        outputs=_IMPLIED,
        numerics=2,
        function="implied_volatility",
        default_outputs=("sigma",),
        inverse_of="price",
    ),
    Operation(
        name="american_price",
        summary="American option on a lognormal underlying",
        inputs=(*_LOGNORMAL, STYLE),
        outputs=(_VALUE,),
        numerics=1,
        function="price",
        exercise="american",
        split_from=_SPLIT_AMERICAN_FROM,
    ),
    Operation(
        name="american_greeks",
        summary="price and sensitivities of an American option on a lognormal underlying",
        inputs=(*_LOGNORMAL, STYLE),
        outputs=tuple(each for each in _GREEKS if each.name in AMERICAN_GREEKS),
        numerics=1,
        function="greeks",
        exercise="american",
        split_from=_SPLIT_AMERICAN_FROM,
        default_outputs=FIRST_ORDER,
    ),
    Operation(
        name="american_implied_volatility",
        summary="volatility implied by an American price on a lognormal underlying",
        inputs=(PREMIUM, SPOT, STRIKE, TIME, RATE, DIVIDEND, SIGN, STYLE),
        outputs=_IMPLIED,
        numerics=1,
        function="implied_volatility",
        exercise="american",
        split_from=_SPLIT_AMERICAN_FROM,
        default_outputs=("sigma",),
        inverse_of="american_price",
    ),
    Operation(
        name="exercise_boundary",
        summary="critical price at which an American option on a lognormal underlying is exercised",
        inputs=(STRIKE, TIME, RATE, DIVIDEND, SIGMA, SIGN, STYLE),
        outputs=(Output("boundary", "critical price of the underlying", "currency"),),
        numerics=1,
        function="exercise_boundary",
        exercise="american",
        split_from=_SPLIT_AMERICAN_FROM,
    ),
    Operation(
        name="bachelier_price",
        summary="European option on a normally distributed forward",
        inputs=_BACHELIER,
        outputs=(_VALUE,),
        numerics=2,
        function="price",
        family="bachelier",
    ),
    Operation(
        name="bachelier_greeks",
        summary="price and sensitivities on a normally distributed forward",
        inputs=_BACHELIER,
        outputs=_GREEKS,
        numerics=2,
        function="greeks",
        family="bachelier",
        default_outputs=FIRST_ORDER,
    ),
    Operation(
        name="bachelier_implied_volatility",
        summary="volatility implied by a price on a normally distributed forward",
        inputs=(PREMIUM, ANY_FORWARD, ANY_STRIKE, TIME, RATE, SIGN),
        outputs=_IMPLIED,
        numerics=2,
        function="implied_volatility",
        family="bachelier",
        default_outputs=("sigma",),
        inverse_of="bachelier_price",
    ),
):
    register(_operation)
