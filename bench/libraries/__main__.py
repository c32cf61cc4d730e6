"""Ask one library what a file says: ``python -m bench.libraries ADAPTER JOBS``.

`JOBS` is a JSON list. A job has an `operation`, the `options` to read (npz), and either `results`,
where to write what the library returns (npz), or `sizes`, at each of which it is timed. A line of
JSON is printed as soon as a job is done, so that a crash costs what comes after it alone. Nothing
here knows of QuantForge, which is not installed in these environments.
"""

import importlib
import json
import sys
import time
import warnings

import numpy as np

from bench.libraries.options import Options

ENOUGH = 0.4  # seconds at each size, but three calls at least
TOO_LONG = 2.0  # seconds; no larger size is tried where a call would take longer


def evaluate(adapter, operation, options):
    """Return the results of all options by name; what a library refuses is NaN, alone."""
    ask = getattr(adapter, operation)

    def values(options):
        task = ask(options)
        found = task.read(task.call())
        named = found if isinstance(found, dict) else {operation: found}
        arrays = {name: np.asarray(each, dtype=float) for name, each in named.items()}
        for name, each in arrays.items():
            if each.shape != (len(options),):
                raise ValueError(f"{name} has shape {each.shape} for {len(options)} options")
        return arrays

    try:
        return values(options), ""
    except Exception as error:
        reason = described(error)
    found = []
    for place in range(len(options)):
        try:
            found.append(values(options.taken(slice(place, place + 1))))
        except Exception:
            found.append({})
    names = {name for one in found for name in one}
    nothing = np.full(1, np.nan)
    return {name: np.concatenate([one.get(name, nothing) for one in found]) for name in names}, (
        reason if not any(found) else ""
    )


def timed(adapter, operation, options, sizes):
    """Return the least seconds of a call, by size; one option comes as numbers where it may."""
    found, each = {}, 0.0
    for n in sizes:
        if each * n > TOO_LONG:
            break
        ask = getattr(adapter, operation)
        given = options.taken(slice(0, n))
        if n == 1 and hasattr(adapter, f"{operation}_of_one"):
            ask, given = getattr(adapter, f"{operation}_of_one"), options.single()
        found[n] = least(ask(given).call)
        each = found[n] / n if n > 1 else 0.0
    return found


def least(call):
    """Return the least seconds of a call, after one that compiles."""
    call()
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 3 or (len(times) < 1_000 and time.perf_counter() - began < ENOUGH):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
        if sum(times) > 2 * TOO_LONG:
            break
    return min(times)


def described(error):
    """Return an exception in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def do(adapter, job):
    """Do one job; return what is printed of it."""
    with np.load(job["options"]) as file:
        options = Options(dict(file))
    if "results" not in job:
        return {"seconds": timed(adapter, job["operation"], options, job["sizes"])}
    found, reason = evaluate(adapter, job["operation"], options)
    np.savez(job["results"], **found)
    return {"failed": reason} if reason else {}


def main(name, file):
    """Do all jobs of the file in their order."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    with open(file) as lines:
        jobs = json.load(lines)
    try:
        adapter = importlib.import_module(f"bench.libraries.{name}")
    except Exception as error:
        print(json.dumps({"failed": f"cannot be imported: {described(error)}"}))
        return
    for place, job in enumerate(jobs):
        if hasattr(adapter, job["operation"]):
            try:
                said = do(adapter, job)
            except Exception as error:
                said = {"failed": described(error)}
            print(json.dumps({"job": place, **said}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
