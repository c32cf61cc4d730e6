"""The decisions as tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantforge.cli.autotune.summary import SIZES, Batch, Summary, summaries
from quantforge.profile import lookup, store
from quantforge.profile.record import Record, Section

if TYPE_CHECKING:
    from quantforge.cli.terminal import Table

__all__ = ["show"]

_EXAMPLE: Final = 10_000  # the batch size whose time is shown where there is only a line


def show(section: Section, *, every: bool) -> None:
    """Print the decisions: `every` operation in a table, or the first and a line for each other."""
    from quantforge.cli.terminal import console

    screen = console()
    many = f"{section.key.budget} threads" if section.key.budget > 1 else "1 thread"
    screen.print(f"{section.key.cpu}, {many}", style="bold")
    found = list(summaries(section))
    in_tables = found if every else found[:1]
    for one in in_tables:
        screen.print()
        screen.print(f"{one.operation}: {one.plan()}", soft_wrap=True)
        screen.show(_table(one))
    for one in found[len(in_tables) :]:
        screen.print(f"  {one.operation}: {one.plan()}; {_each(one)}", soft_wrap=True)
    screen.print()
    for name, record in section.backends.items():
        screen.print(f"  {name:<8}{_what(record)}", soft_wrap=True)
    for gap in lookup.gaps():
        screen.print(f"  {gap.operation} on {gap.backend}: {gap.reason}", soft_wrap=True)
    screen.print()


def _each(one: Summary) -> str:
    batch = one.batches[SIZES.index(_EXAMPLE)]
    if batch.each is None:
        return f"{batch.n:,} not measured"
    return f"{batch.each:,.1f} ns each of {batch.n:,}"


def _table(one: Summary) -> Table:
    from quantforge.cli.terminal import duration, table

    return table(
        ("options", "backend", "threads", "per call", "ns per option", "gain", "over", "tie with"),
        [
            (
                f"{batch.n:,}",
                batch.backend,
                str(batch.threads),
                "not measured" if batch.seconds is None else duration(batch.seconds),
                "" if batch.each is None else f"{batch.each:,.2f}",
                "" if batch.gain is None else f"{batch.gain:.1f}×",
                batch.slowest or "",
                _tie(batch),
            )
            for batch in one.batches
        ],
        left=("backend", "over", "tie with"),
    )


def _tie(batch: Batch) -> str:
    """What nothing tells apart here, and how far it lies apart; empty where one is the fastest."""
    tie, found, rest = batch.reason.partition("a tie with ")
    return f"{rest.partition(')')[0]})" if found and not tie else ""


def _what(record: Record) -> str:
    if record.left_out:
        return f"left out: {record.left_out}"
    details = "".join(f", {value}" for value in record.details.values())
    noisy = ", on a noisy machine" if record.noisy else ""
    return f"{record.version}{details}: {record.rigor}, {store.age(record.measured)}{noisy}"
