"""What a command computes with: arguments that hold for all rows, and columns row by row."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from quantforge import exercises, kinds
from quantforge.cli import headings, operands, sides
from quantforge.cli.elapsed import DATED, Elapsed
from quantforge.cli.failures import Failure
from quantforge.cli.units import Watch, in_units
from quantforge.conventions import MODELS
from quantforge.files.cells import CellError, Notation, find_notation, is_blank, read_numbers
from quantforge.files.columns import Batch, Table
from quantforge.files.contents import Column, distinct, in_rows, numbers, type_of
from quantforge.files.contents import words as words_in

__all__ = ["LOOKED_AT", "Given"]

Columns = dict[str, Any]

LOOKED_AT: Final = 1000  # rows by which columns and the notation of numbers are recognised
_SIGNS: Final = {"point": ".", "comma": ","}


class Derived(Protocol):
    """What gives inputs that neither arguments nor columns hold.

    Attributes
    ----------
    names : tuple of str
        The inputs.
    """

    names: tuple[str, ...]

    def values(self, columns: Mapping[str, Column], time: Any, count: int) -> Columns:
        """The inputs by name, for the rows of a batch and their times in years."""


class Given:
    """The inputs of a public function.

    Parameters
    ----------
    arguments : Namespace
    function : str
    table : Table, optional
        The file, if there is one.
    head : mapping of str to Column
        Its first batch.
    names : list of str, optional
        The inputs that are needed; those of the function by default.
    derived : Derived, optional
        What gives some of them.

    Raises
    ------
    Failure
        An input is neither given nor a column, or may be in a column that it is not known by.

    Attributes
    ----------
    taken : list of str
        Which columns were taken for inputs of other names.
    unreadable : int
        Rows so far with a cell that is not what it should be, or with too few or too many.
    lost : array of bool
        Rows of the batch that have no result, whatever their numbers are.
    exercise : str
        American, if any option so far is.
    """

    def __init__(
        self,
        arguments: argparse.Namespace,
        function: str,
        table: Table | None,
        head: Mapping[str, Column],
        *,
        names: list[str] | None = None,
        derived: Derived | None = None,
    ) -> None:
        self._arguments, self._function, self._table = arguments, function, table
        self._derived = derived
        self._columns: dict[str, str] = {}  # of the file, by the input
        self._values: dict[str, Any] = {}  # for all rows, by the input
        self._counted: Columns = {}  # of the batch, by the input: what is in no column
        self._taken: dict[str, str] = {}
        self.unreadable, self._first = 0, ""
        self.lost: NDArray[np.bool_] = np.zeros(0, bool)
        self._rows = 0
        head = {name: column[:LOOKED_AT] for name, column in head.items()}
        self.exercise = exercises.EUROPEAN
        names = operands.needed(arguments, function) if names is None else names
        dated = "time" in names and any(getattr(arguments, each) is not None for each in DATED)
        self._elapsed = Elapsed(arguments, head) if dated else None
        self.unpaired = sides.Unpaired()
        if "price" in names and sides.are_given(arguments, head):
            place = names.index("price")
            names[place : place + 1] = sides.SIDES
        for name in names:
            if name == "time" and self._elapsed is not None:
                self._values[name] = np.full(1, np.nan)  # counted row by row
            elif derived is not None and name in derived.names:
                self._values[name] = np.full(1, np.nan)
            else:
                self._find(name, head)
        self._implied = {
            name: "days"
            for name, column in self._columns.items()
            if name == "time" and headings.spelling(column) in headings.DAYS
        }
        if getattr(arguments, "time_unit", None) is not None:
            self._implied = {}
        self.taken = self._said()
        if self._elapsed is not None:
            self._implied = {"time": "years"}
        if table is not None:
            several = next((name for name, each in self._values.items() if len(each) > 1), None)
            if several is not None:
                raise Failure(f"{several}: with a file an argument is one value or a column")
            self._replaced = {name: self._shown(name) for name in self._written()}
        else:
            self._count = operands.lengths_agree(self._values)
        self.notation = self._notation(head)
        model = MODELS[arguments.model]
        absolute = model.family == "bachelier"
        self.watch = Watch(arguments, absolute, self._implied, bounded=table is not None)

    def _own(self, name: str) -> str:
        """What an input is called under the model."""
        on_forward = MODELS[self._arguments.model].on_forward
        return "forward" if name == "spot" and on_forward else name

    def _find(self, name: str, head: Mapping[str, Column]) -> None:
        """Find where an input comes from."""
        own = self._own(name)
        given: str | None = getattr(self._arguments, own)
        if given is not None:
            column = headings.column_called(given, head)
            if column is not None:
                self._columns[name] = column
                return
            try:
                self._values[name] = operands.from_words(name, given)
            except Failure as failure:
                there = f": {headings.one_of(given, head)}" if head else ""
                raise Failure(f"{failure}{there}") from None
            return
        column = headings.column_called(own, head)
        if column is None:
            column = headings.known_column(own, head, self._arguments.model)
            if column is not None:
                self._taken[own] = column
        if column is not None:
            self._columns[name] = column
        elif not operands.optional(name):
            raise Failure(self._missing(name, own, head))
        elif self._table is not None:
            self._check_default(name, head)

    def _missing(self, name: str, own: str, head: Mapping[str, Column]) -> str:
        if not head:
            return f"{own} is missing: give it with --{own}"
        spot = own == "forward" and headings.column_called("spot", head) is not None
        no_forward = ", and a spot is no forward" if spot else ""
        dates = ", or --expiry and --quoted" if name == "time" else ""
        return (
            f"{own} is missing: no such column{no_forward}; give --{own} NUMBER or COLUMN{dates}; "
            f"{headings.one_of(own, head)}"
        )

    def _check_default(self, name: str, head: Mapping[str, Column]) -> None:
        """Refuse to take a default where a column looks like the input."""
        used = set(self._columns.values())
        column = headings.looks_like(name, {k: v for k, v in head.items() if k not in used})
        usual = {"kind": "call or put", "exercise": "european or american", "dividend": "0"}[name]
        if column is not None:
            raise Failure(
                f"{name} is missing: the column {column!r} looks like it; give --{name} "
                f"{_quoted(column)}, or --{name} {usual}"
            )
        if name == "kind":
            raise Failure(
                "kind is missing: no column says which options are calls and which are puts; give "
                f"--kind COLUMN, call or put; {headings.one_of('kind', head)}"
            )

    def _said(self) -> list[str]:
        named = {name: self._columns[name] for name in self._implied} | self._taken
        if not any(getattr(self._arguments, name, None) for name in sides.SIDES):
            named |= {name: self._columns[name] for name in sides.SIDES if name in self._columns}
        return [
            f"{name} is {column!r}" + (" in days" if name in self._implied else "")
            for name, column in named.items()
        ]

    @property
    def used_columns(self) -> list[str]:
        """The columns that are read."""
        dated = [] if self._elapsed is None else self._elapsed.columns.values()
        return [*self._columns.values(), *dated]

    @property
    def quoted_column(self) -> str | None:
        """The column of the instants of the quotes, where time is counted from them."""
        return None if self._elapsed is None else self._elapsed.columns.get("quoted")

    def _notation(self, head: Mapping[str, Column]) -> Notation:
        """How the numbers of the file are written."""
        said = getattr(self._arguments, "decimal", None)
        if said is not None:
            return Notation(_SIGNS[said], grouped=True)
        texts = [
            column
            for name, column in ((name, head[each]) for name, each in self._columns.items())
            if name not in {"kind", "exercise"} and type_of(column) == "text"
        ]
        cells = chain.from_iterable(words_in(text) for text in texts)
        found = find_notation(
            cells, doubted=self._table is not None and self._table.delimiter == ";"
        )
        if isinstance(found, str):
            raise Failure(
                f"{found!r} may have a decimal sign or thousands apart: give --decimal point or "
                "--decimal comma"
            )
        return found

    def _written(self) -> list[str]:
        """The inputs that the output holds beside the columns they come from."""
        names = list(self._values)
        for name, column in self._columns.items():
            own = self._own(name)
            if column != own and headings.spelling(column) != headings.spelling(own):
                assert self._table is not None
                if headings.column_called(own, self._table.names) is not None:
                    names.append(name)
        return names

    def _shown(self, name: str) -> str:
        """The column in which the output holds an input."""
        own = self._own(name)
        assert self._table is not None
        return headings.column_called(own, self._table.names) or own

    def read(self, columns: Mapping[str, Column]) -> tuple[Columns, int]:
        """The inputs of a batch as the public function takes them, and the number of options.

        Raises
        ------
        Failure
            The units are in doubt; with ``--strict`` a cell is not what it should be.
        """
        count = len(next(iter(columns.values()))) if columns else self._count
        given: Columns = dict(self._values)
        lost: NDArray[np.bool_] = np.zeros(count, bool)
        wrong: dict[int, str] = {}
        if isinstance(columns, Batch) and columns.wrong:
            wrong = dict(columns.wrong)
            lost[list(wrong)] = True
        if self._elapsed is not None:
            given["time"], bad = self._elapsed.years(columns)
            wrong = bad | wrong
            self._counted["time"] = given["time"]
        for name, column in self._columns.items():
            given[name], bad = self._read(name, columns[column], lost)
            for row, what in bad.items():
                wrong.setdefault(row, f"column {column!r}, {self._own(name)}: {what}")
        self._report(wrong)
        self.watch.look(given)
        inputs = in_units(self._arguments, given, self._implied)
        if self._derived is not None:
            self._counted |= self._derived.values(columns, inputs["time"], count)
            inputs |= {name: self._counted[name] for name in self._derived.names}
        self.lost = lost
        if lost.any():  # a kernel has no sign or style for these: another input is missing
            name = next(name for name in inputs if name != "time")  # which tells groups apart
            inputs[name] = np.where(lost, np.nan, inputs[name])
        if sides.SIDES[0] in inputs:
            quotes = [inputs[name] for name in sides.SIDES]
            self.unpaired.look(*quotes)
            inputs["price"] = sides.prices(*quotes)[1]
        self._rows += count
        said = inputs.get("exercise", [exercises.EUROPEAN])
        if len(said) > 1 or said[0] == exercises.AMERICAN:
            self.exercise = exercises.AMERICAN
        return {
            name: value[0] if len(value) == 1 else value for name, value in inputs.items()
        }, count

    def _read(self, name: str, column: Column, lost: Any) -> tuple[Any, dict[int, str]]:
        if name in {"kind", "exercise"}:
            values, bad = (_kinds if name == "kind" else _exercises)(column)
            missing = np.isnan(values)
            lost |= missing
            values[missing] = 1.0
            return (values if name == "kind" else operands.words_of_flags(values > 0.0)), bad
        held = type_of(column)
        if held not in {"text", "number", "nothing"}:
            raise Failure(
                f"{self._own(name)}: column {self._columns[name]!r} holds {held}, not numbers"
            )
        return numbers(column, self.notation)

    def _report(self, wrong: dict[int, str]) -> None:
        if not wrong:
            return
        if not self.unreadable:
            row = min(wrong)
            assert self._table is not None
            self._first = f"{self._table.place(self._rows + row)}, {wrong[row]}"
            if self._arguments.strict:
                raise Failure(f"{self._table.source}: {self._first}")
        self.unreadable += len(wrong)

    def problem(self) -> str:
        """A line about rows or cells that are not what they should be; empty without any."""
        if not self.unreadable:
            return ""
        rows = f"{self.unreadable:,} unreadable row{'s' * (self.unreadable > 1)}"
        return f"{rows}, the first: {self._first}"

    @property
    def zones(self) -> str:
        """A line about times of day without a zone; empty without any."""
        return "" if self._elapsed is None else self._elapsed.remark

    def used(self, columns: Mapping[str, Column], count: int) -> Columns:
        """The columns of a batch, with the inputs that were used, as they were given."""
        values = self._values | self._counted
        if self._table is None:
            ordered = {self._own(name): each for name, each in values.items()}
            return {name: operands.as_column(name, each, count) for name, each in ordered.items()}
        shown = dict(columns)
        for name, place in self._replaced.items():
            if name in values:
                shown[place] = operands.as_column(name, values[name], count)
            else:
                shown[place] = columns[self._columns[name]]
        return shown


def _quoted(name: str) -> str:
    return f"'{name}'" if " " in name else name


def _kinds(column: Column) -> tuple[NDArray[np.float64], dict[int, str]]:
    """+1.0 for calls, -1.0 for puts, NaN where neither is said, and what is wrong in which row."""
    held = type_of(column)
    if held == "flag":
        if isinstance(column, np.ndarray):
            return np.where(column, 1.0, -1.0), {}
        flags = column.cast("int8").cast("float64").to_numpy(zero_copy_only=False)
        return np.asarray(2.0 * flags - 1.0), {}
    if held == "number":
        signs, _ = numbers(column, Notation())
        odd = np.flatnonzero(~np.isnan(signs) & (np.abs(signs) != 1.0))
        wrong = {row: _unknown(kinds.sign, float(signs[row])) for row in odd.tolist()}
        signs = signs.copy()
        signs[odd] = np.nan
        return signs, wrong
    return _by_words(column, lambda word: float(kinds.sign(_sign_or(word))))


def _sign_or(word: str) -> Any:
    known = headings.KIND_WORDS.get(word.casefold())
    if known is not None:
        return known
    try:
        return float(read_numbers([word])[0])
    except CellError:
        return word


def _exercises(column: Column) -> tuple[NDArray[np.float64], dict[int, str]]:
    """1.0 for American options, 0.0 for European ones, NaN where neither is said."""

    def flag(word: str) -> float:
        known = headings.EXERCISE_WORDS.get(word.casefold())
        return float(exercises.flags(word)) if known is None else known

    return _by_words(column, flag)


def _by_words(
    column: Column, read: Callable[[str], float]
) -> tuple[NDArray[np.float64], dict[int, str]]:
    cells, places = distinct(column)
    values = np.full(len(cells) + 1, np.nan)
    wrong: dict[int, str] = {}
    for place, cell in enumerate(cells):
        word = str(cell).strip()
        if is_blank(word):
            continue
        try:
            values[place] = read(word)
        except ValueError as error:
            wrong[place] = str(error)
    return values[places], in_rows(wrong, places)


def _unknown(read: Callable[[Any], Any], element: Any) -> str:
    try:
        read(element)
    except ValueError as error:
        return str(error)
    return f"unknown {element!r}"
