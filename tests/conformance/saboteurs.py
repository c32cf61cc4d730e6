"""Backends made of the right kernel with one fault each, and an honest one.

They are installed as any other plugin, by their entry points.

usage: python tests/conformance/saboteurs.py FOLDER [COMPILER FLAG...]

That compiles them in the folder, and writes the entry points there. Processes that have both
folders in PYTHONPATH, and the library in QUANTFORGE_SABOTEURS, have the backends.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from quantforge import CONTRACT, Backend, hookimpl

COMPILED = (
    "honest",
    "one_ulp_off_everywhere",
    "one_ulp_off",
    "wrong_at_one_size",
    "writes_a_neighbour",
    "ignores_stride_0",
    "reads_past_the_end",
    "holds_the_gil",
    "mutates_an_input",
    "leaks_nan",
    "changes_the_environment",
    "signals_without_reason",
    "one_greek_one_ulp_off",
    "mistakes_an_output",
    "wrong_code_at_a_border",
    "wrong_from_a_size_on",
    "wrong_at_one_place",
    "wrong_alone",
    "writes_between_the_results",
    "clears_the_results_first",
    "computes_in_single_precision",
    "computes_nothing",
    "loses_the_sign_of_a_stride",
    "remembers_the_last_batch",
    "shares_a_buffer_between_threads",
    "wrong_in_a_child",
    "returns_another_nan",
    "flushes_small_prices",
    "misses_the_accuracy_contract",
    "follows_the_rounding_mode",
    "keeps_quiet_outside_the_domain",
    "stops_a_step_early",
)
OPERATIONS = {
    "one_greek_one_ulp_off": "greeks",
    "mistakes_an_output": "greeks",
    "wrong_code_at_a_border": "implied_volatility",
    "stops_a_step_early": "implied_volatility",
}
"""Those that do something else than to price."""

HERE = Path(__file__).parent
KERNELS = HERE.parents[1] / "backends" / "c" / "src"
FLAGS = ("-O2", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")


class Plugin:
    """One backend; `load` as in `quantforge.Backend`."""

    def __init__(self, name: str, load: Any, *, exact: bool, operation: str = "price") -> None:
        self.described = Backend(
            name=name,
            version="1",
            contract=CONTRACT,
            numerics={operation: 2},
            exact=exact,
            load=load,
        )

    @hookimpl
    def quantforge_backend(self) -> Backend:
        return self.described


def _compiled(name: str) -> Plugin:
    operation = OPERATIONS.get(name, "price")

    def load() -> dict[str, Any]:
        library = ctypes.CDLL(os.environ["QUANTFORGE_SABOTEURS"])
        return {operation: ctypes.cast(getattr(library, name), ctypes.c_void_p).value}

    exact = name not in ("misses_the_accuracy_contract", "computes_in_single_precision")
    return Plugin(name, load, exact=exact, operation=operation)


def _by_import() -> dict[str, Any]:
    from quantforge.numpy_backend.price import price

    return {"price": lambda *operands, out=None: price(*operands, out=out)}


def _without_out() -> dict[str, Any]:
    from quantforge.ufuncs import from_address

    library = ctypes.CDLL(os.environ["QUANTFORGE_SABOTEURS"])
    address = ctypes.cast(library.honest, ctypes.c_void_p).value
    assert address
    right = from_address(address, "right", "", inputs=7, output_types="d")
    return {"price": lambda *operands, out=None: right(*operands)}


def _by_the_registry() -> dict[str, Any]:
    from quantforge import testing

    return {"price": lambda *operands, out=None: testing.kernel("numpy", "price")(*operands, out)}


def _fails() -> dict[str, Any]:
    raise RuntimeError("no such device")


PLUGINS = {
    **{name: _compiled(name) for name in COMPILED},
    "delegates_by_import": Plugin("delegates_by_import", _by_import, exact=False),
    "delegates_by_the_registry": Plugin("delegates_by_the_registry", _by_the_registry, exact=False),
    "ignores_out": Plugin("ignores_out", _without_out, exact=False),
    "does_not_load": Plugin("does_not_load", _fails, exact=True),
    "does_nothing": Plugin("does_nothing", dict, exact=True, operation="telepathy"),
}


def __getattr__(name: str) -> Plugin:
    """Find the object an entry point names."""
    try:
        return PLUGINS[name]
    except KeyError:
        raise AttributeError(name) from None


def install(folder: Path, *flags: str) -> None:
    """Compile the kernels in this folder and write the entry points."""
    compiler = os.environ.get("CC", "cc")
    files = [HERE / "saboteurs.c", KERNELS / "loops" / "native.c"]
    source = [*files, "-I", KERNELS, "-o", folder / "compiled.so", "-lm"]
    subprocess.run([compiler, *FLAGS, *flags, "-shared", "-fPIC", *source], check=True)
    information = folder / "saboteurs-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: saboteurs\nVersion: 1\n")
    points = [f"{name} = saboteurs:{name}" for name in PLUGINS]
    (information / "entry_points.txt").write_text("\n".join(["[quantforge]", *points]))


if __name__ == "__main__":
    install(Path(sys.argv[1]), *sys.argv[2:])
