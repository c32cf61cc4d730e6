"""Interleaved timing of candidates, each at several batch sizes."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import nsmallest
from operator import attrgetter
from typing import Any, Final

from quantforge.profile.curves import UNJUDGED
from quantforge.tuning.clock import Clock, time_block

__all__ = ["Cell", "measure"]

ENOUGH: Final = 5
"""Undisturbed blocks that a cell needs to count as measured."""

_BLOCK: Final = 0.5e-3
_MOST_CALLS: Final = 1000
_CONFIRMED: Final = 1.02
"""The third least time over the least, below which more blocks would add nothing."""

_AGREEING: Final = 3
"""Blocks whose agreement says how far a time may be off."""

_ALONE: Final = 0.05
"""How far a time may be off that fewer blocks have shown."""

_BEATEN: Final = 1.5
"""Who takes so much longer than the best one of the batch size needs no closer look there."""

_ATTEMPTS: Final = 4
"""Rounds in all, as a multiple of those asked for, before what there is must do."""


@dataclass(eq=False)
class Cell:
    """One candidate at one batch size: what to call, how often in a block, and what it took.

    `check` raises where the result of a call is wrong.
    """

    backend: str
    threads: int
    n: int
    call: Callable[[], Any]
    estimate: float
    check: Callable[[Any], None] = lambda result: None
    clean: list[float] = field(default_factory=list)
    disturbed: list[float] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """Calls that fill a block."""
        if self.estimate <= 0.0:
            return 1
        return int(min(max(_BLOCK / self.estimate, 1), _MOST_CALLS))

    @property
    def seconds(self) -> float:
        """The least time of a call; of the undisturbed ones if there are any."""
        return min(self.clean or self.disturbed)

    @property
    def spread(self) -> float:
        """How far that time may be off, relative to it: how well the best three blocks agree.

        Threads that seldom found a free processor each say nothing of what they can do.
        """
        needed = min(ENOUGH, len(self.clean) + len(self.disturbed))
        if self.threads > 1 and len(self.clean) < max(needed, _AGREEING):
            return UNJUDGED
        least = nsmallest(_AGREEING, self.clean or self.disturbed)
        agreed = least[-1] / least[0] - 1.0
        return min(agreed if len(least) == _AGREEING else max(agreed, _ALONE), UNJUDGED)

    @property
    def noisy(self) -> bool:
        """Whether too few blocks were undisturbed, though there were enough of them."""
        return len(self.clean) < ENOUGH <= len(self.clean) + len(self.disturbed)

    def settled(self, rounds: int, best: float) -> bool:
        """Whether there are so many undisturbed blocks, the best three of which agree.

        Three are enough of one that is far from the `best` seconds of its batch size.
        """
        if len(self.clean) < _AGREEING:
            return False
        least = nsmallest(_AGREEING, self.clean)
        if least[0] > _BEATEN * best:
            return True
        return len(self.clean) >= rounds and least[-1] <= _CONFIRMED * least[0]

    def time(self, clock: Clock) -> None:
        """Time one more block."""
        block = time_block(clock, self.call, self.calls, self.threads, self.check)
        (self.clean if block.clean else self.disturbed).append(block.seconds)


def measure(
    cells: Sequence[Cell],
    rounds: int,
    deadline: float,
    clock: Clock,
    order: random.Random,
    progress: Callable[[float], None],
) -> dict[str, Exception]:
    """Time every cell `rounds` times undisturbed, in rounds of random order.

    All candidates and sizes share the rounds, so that whatever else the machine does affects them
    alike. Timed one after the other, their means gave the wrong winner in one of ten tries;
    interleaved minima did so in none of forty. Where blocks are disturbed, or the best of them
    differ, more rounds follow, within bounds; who is clearly beaten takes part in the first few.
    At least one round runs; none begins after the
    deadline. What a backend raises is returned by its name, and no cell of it is timed again.
    """
    pending = list(cells)
    failed: dict[str, Exception] = {}
    with _no_garbage_collection():
        for attempt in range(_ATTEMPTS * rounds):
            order.shuffle(pending)
            for cell in pending:
                if attempt and clock.wall() >= deadline:
                    return failed
                if cell.backend in failed:
                    continue
                try:
                    cell.time(clock)
                except Exception as error:
                    failed[cell.backend] = error
            timed = [cell for cell in cells if cell.backend not in failed]
            best = {one.n: one.seconds for one in sorted(timed, key=_seconds, reverse=True)}
            pending = [
                cell
                for cell in pending
                if cell.backend not in failed and not cell.settled(rounds, best[cell.n])
            ]
            progress(max((attempt + 1) / (_ATTEMPTS * rounds), 1.0 - len(pending) / len(cells)))
            if not pending or clock.wall() >= deadline:
                break
    return failed


_seconds: Final = attrgetter("seconds")


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
