"""What it takes besides time on the processor: memory for a call, time to import."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

_MEMORY = """
import json, resource, sys, tracemalloc
import numpy as np
from bench import calls
from quantforge.dispatch import forced_threads

operation, backend, threads, n = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
given = calls.options(operation, n, puts=False)
settings = dict(backend=backend, threads=threads)
with forced_threads():  # load, compile, start threads
    calls.of_one_kind(operation, given, min(n, 10_000), **settings)()
call = calls.of_one_kind(operation, given, n, **settings)
keywords = {key: value for key, value in call.keywords.items() if key != "out"}

def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = resident()
with forced_threads():
    result = call.func(*call.args, **keywords)
grown = resident() - before
tracemalloc.start()
with forced_threads():
    result = call.func(*call.args, **keywords)
traced = tracemalloc.get_traced_memory()[1]
parts = result.values() if hasattr(result, "values") else (result,)
size = sum(part.nbytes for part in parts)
print(json.dumps({"output": size, "traced_peak": traced, "resident_growth": grown}))
"""

_IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def _python(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    return done.stdout


def memory(operation: str, backend: str, threads: int, n: int) -> dict[str, Any]:
    """Bytes that a call takes, in a process of its own."""
    words = (operation, backend, str(threads), str(n))
    found = json.loads(_python("-c", _MEMORY, *words))
    return {"backend": backend, "threads": threads, "n": n, **found}


def import_time(rounds: int) -> dict[str, Any]:
    """Seconds to import quantforge and NumPy in fresh processes, taking turns."""
    times: dict[str, list[float]] = {"quantforge": [], "numpy": []}
    for _ in range(rounds):
        for module, found in times.items():
            found.append(float(_python("-c", _IMPORT.format(module))))
    least = {module: min(found) for module, found in times.items()}
    spread = {
        module: statistics.median(found) / min(found) - 1.0 for module, found in times.items()
    }
    return {**least, "ratio": least["quantforge"] / least["numpy"], "spread": spread}
