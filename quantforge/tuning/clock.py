"""Time a block of calls, and tell whether the machine was busy with something else meanwhile."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import Any, Final, NamedTuple

__all__ = ["Block", "Clock", "time_block"]

_CPU_STAT: Final = (Path("/sys/fs/cgroup/cpu.stat"), Path("/sys/fs/cgroup/cpu/cpu.stat"))
_OTHER_LOAD: Final = 1.05
"""A thread's wall time over its processor time, above which something else had the processor."""

_WAKING: Final = 100e-6  # a sleeping thread's way to a free processor, on a virtual machine


class Clock:
    """Where measurement gets its times; tests put another one in its place."""

    def __init__(self) -> None:
        self._stat = next((path for path in _CPU_STAT if path.is_file()), None)

    def wall(self) -> float:
        """Seconds from some fixed moment on."""
        return time.perf_counter()

    def cpu(self) -> float:
        """Seconds of processor time of the calling thread."""
        return time.thread_time()

    def throttled(self) -> int:
        """How often the control group has used up its quota so far."""
        if self._stat is None:
            return 0
        try:
            words = self._stat.read_text().split()
            return int(words[words.index("nr_throttled") + 1])
        except (OSError, ValueError, IndexError):
            return 0

    def waited(self) -> float:
        """Seconds that threads of this process were ready to run and had no processor, so far."""
        nanoseconds = 0
        with contextlib.suppress(OSError, ValueError, IndexError):  # not Linux, or a thread ended
            for thread in os.scandir("/proc/self/task"):
                with open(f"{thread.path}/schedstat") as numbers:
                    nanoseconds += int(numbers.read().split()[1])
        return nanoseconds * 1e-9

    def preempted(self) -> int:
        """How often a thread of this process has lost its processor against its will so far."""
        try:
            import resource
        except ImportError:  # not a POSIX system
            return 0
        return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


class Block(NamedTuple):
    """Seconds per call, and whether the machine did nothing else meanwhile."""

    seconds: float
    clean: bool


def time_block(
    clock: Clock,
    call: Callable[[], Any],
    calls: int,
    threads: int,
    check: Callable[[Any], None] = lambda result: None,
) -> Block:
    """Time `calls` calls after an untimed one, which warms the caches up and is checked.

    Other load shows in the processor time of a thread that works alone. Where several threads work
    the caller sleeps part of the time, so there a lost processor is the sign, and a thread that
    waited for one, beyond what waking up takes.
    """
    check(call())
    throttled, preempted = clock.throttled(), clock.preempted()
    waited = clock.waited() if threads > 1 else 0.0
    cpu = clock.cpu()
    start = clock.wall()
    for _ in repeat(None, calls):
        call()
    wall = clock.wall() - start
    cpu = clock.cpu() - cpu
    if threads == 1:
        alone = wall <= _OTHER_LOAD * cpu
    else:
        waiting = clock.waited() - waited - _WAKING * calls * (threads - 1)
        alone = clock.preempted() == preempted and waiting <= (_OTHER_LOAD - 1.0) * wall
    return Block(wall / calls, alone and clock.throttled() == throttled)
