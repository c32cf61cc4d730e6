"""Backends of known speed on a clock that only they move, so that no test depends on the machine.

A kernel prices nothing and moves the clock by ``fixed + each * n``. A batch that is split costs
`WAKE` and what its first piece takes, as if the pieces ran side by side.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest

import quantforge
from quantforge import dispatch, errors, plugins
from quantforge.profile import lookup, store
from quantforge.tuning import session
from quantforge.tuning.clock import Clock


class FakeClock(Clock):
    """A clock that stands still until a kernel moves it."""

    def __init__(self):
        self.now = 0.0
        self.busy = 0.0  # of which the caller's thread had the processor
        self.times_throttled = 0
        self.times_preempted = 0
        self.seconds_waited = 0.0

    def wall(self):
        return self.now

    def cpu(self):
        return self.busy

    def throttled(self):
        return self.times_throttled

    def waited(self):
        return self.seconds_waited

    def preempted(self):
        return self.times_preempted

    def move(self, seconds, busy=None):
        self.now += seconds
        self.busy += seconds if busy is None else busy


WAKE = 200e-6


@dataclass(eq=False)
class Speed:
    """A plugin whose kernels take so many seconds on `clock`, `slower` than `price` by a factor."""

    name: str
    clock: FakeClock
    fixed: float = 10e-6
    each: float = 100e-9
    seconds: Callable[[int], float] | None = None
    noise: float = 0.0
    version: str = "1.0"
    preference: int = 50
    build: str = "release"
    numerics: int = 1
    broken: str = ""
    value: str = "known_speeds"
    dist: object = None
    slower: dict[str, float] = field(default_factory=lambda: {"price": 1.0})

    def __post_init__(self):
        self.random = random.Random(self.name)
        self.sizes = []

    def run(self, factor, *operands, outputs=("price",), out=None):
        shape = np.broadcast_shapes(*map(np.shape, operands))
        results = out or tuple(np.zeros(shape) for _ in outputs)
        self.sizes.append(results[0].size)
        late = factor * (1.0 + self.noise * self.random.random())
        seconds = self.seconds or (lambda n: self.fixed + self.each * n)
        self.clock.move(late * seconds(results[0].size))
        return results

    def load_kernels(self):
        if self.broken:
            raise RuntimeError(self.broken)
        return {name: partial(self.run, factor) for name, factor in self.slower.items()}

    @quantforge.hookimpl
    def quantforge_backend(self):
        return quantforge.Backend(
            name=self.name,
            version=self.version,
            contract=quantforge.CONTRACT,
            numerics=dict.fromkeys(self.slower, self.numerics),
            exact=False,
            load=self.load_kernels,
            preference=self.preference,
            details=lambda: {"build": self.build},
        )

    def load(self):
        """What an entry point does."""
        return self


class Machine:
    """A machine on which only the given backends are installed, with so many threads."""

    def __init__(self, monkeypatch, profile):
        self._patch = monkeypatch
        self.profile = profile
        self.clock = FakeClock()
        self.shared = False  # whether another process keeps all processors but one
        monkeypatch.setenv("QUANTFORGE_BLOCK", "numpy")
        monkeypatch.setattr("quantforge.evaluation.split", self._split)
        self.threads(1)

    def _split(self, kernel, operands, shape, outs, types, n):
        if n > 1 and not self.shared:
            self.clock.move(WAKE)
            operands = [np.atleast_1d(operand)[: shape[0] // n] for operand in operands]
            outs = [np.zeros(shape) if out is None else out for out in outs]
            kernel(*operands, *[out[: shape[0] // n] for out in outs])
            return outs[0] if len(outs) == 1 else tuple(outs)
        began = self.clock.now
        result = kernel(*operands, *outs)
        if n > 1:  # pieces take turns on one processor, which the other process gets as well
            waited = 0.5 * (self.clock.now - began)
            self.clock.move(waited)
            self.clock.seconds_waited += waited
        return result

    def speed(self, name, **numbers):
        return Speed(name, self.clock, **numbers)

    def install(self, *speeds):
        """Make these the backends of a new process."""
        self._patch.setattr("importlib.metadata.entry_points", lambda **_: speeds)
        self._patch.setattr(plugins, "_registry", None)
        self.restart()

    def threads(self, budget):
        """Change the budget."""
        self._patch.setattr("quantforge.threads.budget", lambda: budget)
        self.restart()

    def restart(self):
        """Forget what a process remembers, and what it has said."""
        dispatch.invalidate()
        store._read.clear()
        self._patch.setattr(errors, "_said", set())
        self._patch.setattr(lookup, "_said_untuned", False)
        self._patch.setattr(lookup, "_unsaved", None)

    def tune(self, **settings):
        """Tune and remember."""
        tuned = session.tune(clock=self.clock, **{"seed": 1, **settings})
        store.merge(tuned.profile)
        dispatch.invalidate()
        return tuned

    def rows(self, backend="auto", operation="price"):
        return [tuple(row) for row in dispatch.preview(operation, backend).rows]


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with a profile of its own, one thread and no backend yet."""
    profile = tmp_path / "cache" / "profile.json"
    monkeypatch.setenv("QUANTFORGE_PROFILE", str(profile))
    for name in ("QUANTFORGE_AUTOTUNE", "QUANTFORGE_ISA", "QUANTFORGE_EXACT"):
        monkeypatch.delenv(name, raising=False)
    made = Machine(monkeypatch, profile)
    monkeypatch.setattr("quantforge.tuning.session.Clock", lambda: made.clock)
    monkeypatch.setattr("quantforge.tuning.verification.Clock", lambda: made.clock)
    # They live in this process alone: nothing can be tried in another one.
    monkeypatch.setattr("quantforge.tuning.trial.crashes", lambda **_: {})
    yield made
    dispatch.invalidate()


@pytest.fixture
def flipping(machine):
    """Two backends: `early` wins below 800 options, `late` above.

    10 µs + 100 ns n = 50 µs + 50 ns n at n = 800.
    """
    machine.install(
        machine.speed("early", fixed=10e-6, each=100e-9),
        machine.speed("late", fixed=50e-6, each=50e-9),
    )
    return machine
