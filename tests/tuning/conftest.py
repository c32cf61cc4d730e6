"""Backends of known speed on a clock that only they move, so that no test depends on the machine.

A kernel prices nothing. On the main thread it moves the clock by ``fixed + each * n``; on a worker
by ``wake`` alone, as if the pieces of a batch ran side by side and waking up were all they cost.
"""

import random
import threading
from dataclasses import dataclass

import numpy as np
import pytest

import quantforge
from quantforge import dispatch, errors, plugins
from quantforge.tuning import lookup, session, store
from quantforge.tuning.clock import Clock


class FakeClock(Clock):
    """A clock that stands still until a kernel moves it."""

    def __init__(self):
        self.now = 0.0
        self.busy = 0.0  # of which the caller's thread had the processor
        self.times_throttled = 0
        self.times_preempted = 0
        self._lock = threading.Lock()

    def wall(self):
        return self.now

    def cpu(self):
        return self.busy

    def throttled(self):
        return self.times_throttled

    def preempted(self):
        return self.times_preempted

    def move(self, seconds, busy=None):
        with self._lock:
            self.now += seconds
            self.busy += seconds if busy is None else busy


@dataclass(eq=False)
class Speed:
    """A plugin whose kernel takes so many seconds on `clock`."""

    name: str
    clock: FakeClock
    fixed: float = 1e-6
    each: float = 10e-9
    wake: float = 20e-6
    noise: float = 0.0
    version: str = "1.0"
    preference: int = 50
    build: str = "release"
    numerics: int = 1
    broken: str = ""

    def __post_init__(self):
        self.random = random.Random(self.name)
        self.sizes = []

    def kernel(self, *operands, out=None):
        shape = np.broadcast_shapes(*map(np.shape, operands))
        n = int(np.prod(shape))
        self.sizes.append(n)
        if threading.current_thread() is threading.main_thread():
            late = 1.0 + self.noise * self.random.random()
            self.clock.move(late * (self.fixed + self.each * n))
        else:
            self.clock.move(self.wake)
        return np.zeros(shape) if out is None else out

    def load(self):
        if self.broken:
            raise RuntimeError(self.broken)
        return {"price": self.kernel}

    @quantforge.hookimpl
    def quantforge_backend(self):
        return quantforge.Backend(
            name=self.name,
            version=self.version,
            contract=quantforge.CONTRACT,
            numerics={"price": self.numerics},
            exact=False,
            load=self.load,
            preference=self.preference,
            details=lambda: {"build": self.build},
        )


class Machine:
    """A machine on which only the given backends are installed, with so many threads."""

    def __init__(self, monkeypatch, profile):
        self._patch = monkeypatch
        self.profile = profile
        self.clock = FakeClock()
        self.threads(1)
        self.tuned = None

    def speed(self, name, **numbers):
        return Speed(name, self.clock, **numbers)

    def install(self, *speeds):
        """Make these the backends of a new process."""
        self._patch.setattr("importlib.metadata.entry_points", lambda **_: [])
        found = plugins.Registry(frozenset({"numpy"}))
        for speed in speeds:
            found._register(speed, speed.name, frozenset())
        self._patch.setattr(plugins, "_registry", found)
        self.restart()
        return speeds

    def threads(self, budget):
        self._patch.setattr("quantforge.threads.budget", lambda: budget)
        self.restart()

    def restart(self):
        """Forget what a process remembers, and what it has said."""
        dispatch.forget()
        store._read.clear()
        self._patch.setattr(errors, "_said", set())
        self._patch.setattr(lookup, "_said_untuned", False)
        self._patch.setattr(lookup, "_unsaved", None)

    def tune(self, **settings):
        """Tune and remember."""
        self.tuned = session.tune(clock=self.clock, **{"seed": 1, **settings})
        store.merge(self.tuned.profile)
        dispatch.forget()
        return self.tuned

    def rows(self, backend="auto"):
        return [tuple(row) for row in dispatch.plan("price", backend, only_look=True).rows]


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with a profile of its own, one thread and no backend yet."""
    profile = tmp_path / "cache" / "profile.json"
    monkeypatch.setenv("QUANTFORGE_PROFILE", str(profile))
    for name in ("QUANTFORGE_AUTOTUNE", "QUANTFORGE_ISA", "QUANTFORGE_EXACT"):
        monkeypatch.delenv(name, raising=False)
    made = Machine(monkeypatch, profile)
    monkeypatch.setattr("quantforge.tuning.session.Clock", lambda: made.clock)
    yield made
    dispatch.forget()


@pytest.fixture
def flipping(machine):
    """Two backends: `early` wins below 800 options, `late` above.

    1 µs + 10 ns n = 5 µs + 5 ns n at n = 800.
    """
    machine.install(
        machine.speed("early", fixed=1e-6, each=10e-9),
        machine.speed("late", fixed=5e-6, each=5e-9),
    )
    return machine
