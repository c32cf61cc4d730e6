"""Run by the environment of the other libraries: ``python libraries.py OPERATION FILE SIZES``.

Reads the options, times each library, least of many calls, and prints JSON. Knows nothing of
QuantForge, which is not installed there.
"""

import importlib
import json
import sys
import time
import warnings

import numpy as np

_SECONDS = 1.0  # for each library and batch size, at least three calls


def implied_volatility_py_vollib_vectorized(option):
    """The price's volatility, Jäckel's method compiled by Numba."""
    module = importlib.import_module("py_vollib_vectorized")
    return lambda: module.vectorized_implied_volatility(
        option["price"], option["spot"], option["strike"], option["time"], option["rate"],
        option["flag"], q=option["dividend"], model="black_scholes_merton", return_as="numpy",
        on_error="ignore",
    )  # fmt: skip


def implied_volatility_pyfeng(option):
    """The price's volatility; forward, for its models take one rate for all."""
    module = importlib.import_module("pyfeng")
    growth = np.exp(option["rate"] * option["time"])
    forward = option["spot"] * np.exp((option["rate"] - option["dividend"]) * option["time"])
    model = module.Bsm(0.2)
    price = option["price"] * growth
    return lambda: model.impvol(price, option["strike"], forward, option["time"], option["sign"])


def greeks_py_vollib_vectorized(option):
    """All it has: delta, gamma, theta, rho and vega."""
    module = importlib.import_module("py_vollib_vectorized")
    return lambda: module.get_all_greeks(
        option["flag"], option["spot"], option["strike"], option["time"], option["rate"],
        option["sigma"], option["dividend"], model="black_scholes_merton", return_as="dict",
    )  # fmt: skip


def greeks_pyfeng(option):
    """Price, delta, gamma, vega and theta, each by its own call, with the first rates for all."""
    module = importlib.import_module("pyfeng")
    rates = {"intr": float(option["rate"][0]), "divr": float(option["dividend"][0])}
    model = module.Bsm(option["sigma"], **rates)
    given = option["strike"], option["spot"], option["time"], option["sign"]
    names = ("price", "delta", "gamma", "vega", "theta")
    return lambda: [getattr(model, name)(*given) for name in names]


def least(call):
    """The least seconds of a call, after one that compiles."""
    call()
    times = []
    began = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - began < _SECONDS:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def main(operation, file, *sizes):
    """Print what was measured."""
    warnings.simplefilter("ignore")
    given = dict(np.load(file))
    given["sign"] = given.pop("kind")
    given["flag"] = np.where(given["sign"] > 0, "c", "p")
    found = []
    for library in ("py_vollib_vectorized", "pyfeng"):
        try:
            for n in map(int, sizes):
                option = {name: values[:n] for name, values in given.items()}
                seconds = least(globals()[f"{operation}_{library}"](option))
                each = {"seconds": seconds, "ns_per_option": seconds / n * 1e9}
                found.append({"library": library, "n": n, **each})
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            found.append({"library": library, "failed": reason})
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
