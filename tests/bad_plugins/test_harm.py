"""One bad plugin costs itself and nobody else: each is real here, in processes of their own."""

import json

import pytest
from quantforge_conformance import reference

import quantforge
from quantforge.plugins import State

pytest.importorskip("rich")

PRICE = float(reference.price(100.0, 105.0, 0.5, 0.03, 0.0, 0.2, 1))
COMPILED = [
    one.name
    for one in quantforge.backends()
    if one.exact and one.state is State.AVAILABLE and one.name != "numba"
]


def near(expected):
    return pytest.approx(expected, rel=1e-12)


CRASHING = {
    "import_segv": ("crash()", "crashed (SIGSEGV) while importing"),
    "import_abort": ("os.abort()", "crashed (SIGABRT) while importing"),
    "import_exit": ("os._exit(3)", "crashed (exit status 3) while importing"),
    "load_segv": ("def load(): crash()", "crashed (SIGSEGV) while loading"),
    "load_hangs": ("def load(): time.sleep(60)", "hangs while loading"),
    "kernel_segv": (
        "load = lambda: {'price': lambda *operands, out=None: crash()}",
        "crashed (SIGSEGV) while running price",
    ),
    "address": ("load = lambda: {'price': 42}", "crashed (SIGSEGV) while running price"),
}
FAILING = {
    "import_speechless": ("raise Speechless", "import failed: Speechless: its message cannot be"),
    "load_speechless": ("def load(): raise Speechless", "loading failed: Speechless: its message"),
    "load_exits": ("load = lambda: sys.exit(4)", "loading failed: SystemExit: 4"),
    "beyond": ("load = lambda: {'price': 1 << 70}", "'price' is no address of this machine: 0x4"),
    "operations": (
        "described = Backend; Backend = lambda **facts: described(**{**facts, 'numerics': {5: 1}})",
        "hook failed: TypeError: numerics of a backend cannot be {5: 1}",
    ),
}
RAISING = {
    "kernel_raises": (
        "load = lambda: {'price': lambda *operands, out=None: 1 // 0}",
        "failed to run 'price': ZeroDivisionError",
    ),
    "kernel_exits": (
        "load = lambda: {'price': lambda *operands, out=None: sys.exit(4)}",
        "failed to run 'price': SystemExit: 4",
    ),
    "kernel_speechless": (
        """
        def kernel(*operands, out=None):
            raise Speechless
        load = lambda: {'price': kernel}
        """,
        "failed to run 'price': Speechless: its message cannot be shown (RuntimeError)",
    ),
}
COMPILED_TO_RAISE = {
    "ufunc_raises": (
        """
        import numba
        @numba.vectorize(["f8(f8, f8, f8, f8, f8, f8, f8)"])
        def compiled(spot, strike, time, rate, dividend, sigma, sign):
            raise ZeroDivisionError
        load = lambda: {"price": compiled.ufunc}
        """,
        "failed to run 'price': ZeroDivisionError",
    )
}
PRINTING = """
print("imported", end=""); os.write(1, b"raw\\n"); os.system("echo shell")
ctypes.CDLL(None).puts(b"native")
def load():
    print("loaded")
    return {"price": price}
def details():
    print("asked")
    return {b"bytes": object(), 3: float("nan"), "set": {1}, "speechless": Speechless()}
"""
PRINTED = ("imported", "raw", "shell", "native", "loaded")
LATIN = "[quantforge]\nlatin = bad_latin\nköln = x\n".encode("latin-1")


@pytest.fixture(scope="module")
def report(crowd):
    """What `doctor` says where every bad plugin is installed at once."""
    for name, (code, _) in {**CRASHING, **FAILING, **RAISING}.items():
        crowd.add(name, code)
    crowd.add("latin", entry_points=LATIN)
    crowd.add("one", "crash()", backend="twin")
    crowd.add("two", "crash()", backend="twin")
    crowd.add("prints", PRINTING)
    return crowd.doctor()


def test_doctor_reports_all_of_them_and_ends(report):
    backends, problems = report
    for name, (_, reason) in {**CRASHING, **FAILING, **RAISING}.items():
        assert any(name in line and reason in line for line in problems), name
    assert backends["numpy"]["state"] == "available"
    assert backends["prints"]["state"] == "available"


def test_what_a_process_died_of_is_remembered_and_auto_leaves_it_out(crowd, report):
    ended = crowd.command("backends", "--json")
    found = {each["name"]: each for each in json.loads(ended.stdout)}
    for name, (_, reason) in CRASHING.items():
        assert found[name]["state"] == "broken"
        assert found[name]["reason"] == (
            f"{reason}, just now; `python -m quantforge.autotune` tries it again"
        )
    ended = crowd.price()
    assert ended.returncode == 0, ended.stderr
    assert float(ended.stdout) == near(PRICE)


def test_a_list_of_entry_points_that_cannot_be_read_is_named_and_hides_no_other(report):
    backends, _ = report
    assert backends["bad_latin"]["reason"].startswith("its entry points cannot be read: Unicode")
    assert "prints" in backends


def test_two_distributions_of_one_name_are_both_named_and_neither_is_imported(report):
    backends, _ = report
    assert backends["twin"]["reason"] == (
        "two distributions have this name: bad_one of bad_one 1, bad_two of bad_two 1; "
        "uninstall one"
    )


def test_another_build_of_what_crashed_is_tried_again(site):
    site.add("mended", "crash()")
    assert site.doctor()[0]["mended"]["state"] == "broken"
    site.add("mended")
    assert site.doctor()[0]["mended"]["state"] == "available"


def test_what_a_plugin_prints_goes_to_standard_error_behind_its_name(site):
    site.add("prints", PRINTING)
    option = ("--spot", 100, "--strike", 105, "--time", 0.5, "--rate", 0.03, "--sigma", 0.2)
    ended = site.command("price", *option, "--backend", "prints", "--json")
    assert json.loads(ended.stdout)["backend"] == "prints"
    for word in PRINTED:
        assert f"prints: {word}\n" in ended.stderr
    ended = site.command("doctor", "--json")
    details = {each["name"]: each for each in json.loads(ended.stdout)["backends"]}
    assert details["prints"]["details"]["details"].startswith("failed: RuntimeError: no words")


@pytest.mark.parametrize("name", [*RAISING, *COMPILED_TO_RAISE])
def test_auto_goes_on_after_a_kernel_that_raises_and_says_so_once(site, name):
    if name in COMPILED_TO_RAISE:
        pytest.importorskip("numba")
    code, reason = (RAISING | COMPILED_TO_RAISE)[name]
    site.add(name, code)
    code = """if True:
        import numpy as np, quantforge
        bound = quantforge.bind("price")
        option = (100.0, 105.0, 0.5, 0.03, 0.2)
        many = [np.full(100_000, each) for each in option]
        for call in (quantforge.price, bound):
            for given in (option, many, [[each] for each in option]):
                print(float(np.ravel(call(*given))[-1]))
        try:
            quantforge.price(*option, backend=%r)
        except quantforge.BackendError as error:
            print(error.__cause__.__class__.__name__)
    """
    ended = site.python("-W", "always", "-c", code % name)
    assert ended.returncode == 0, ended.stderr
    *prices, cause = ended.stdout.split()
    assert [*map(float, prices)] == [near(PRICE)] * 6
    assert ended.stderr.count(f"backend {name!r} is left out: it is broken, running failed: ") == 1
    assert cause in reason or cause in {"SystemExit", "Speechless"}


def test_a_function_of_floats_that_raises_is_left_out_too(site):
    site.add("floats", """
        from quantforge import Loop
        never_called = ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value
        load = lambda: {"price": Loop(never_called, lambda wanted: lambda *option: sys.exit(4))}
    """)  # fmt: skip
    ended = site.price("-W", "always")
    assert ended.returncode == 0, ended.stderr
    assert float(ended.stdout) == near(PRICE)
    reason = "backend 'floats' is left out: it is broken, running failed: SystemExit: 4"
    assert reason in ended.stderr


IN_PLACE = """
calls = []
def kernel(*operands, out=None):
    calls.append(1)
    if len(calls) == 1:
        raise RuntimeError("once")
    return price(*operands, out=out)
load = lambda: {"price": kernel}
"""


def test_no_other_backend_reads_operands_that_a_failing_kernel_may_have_written(site):
    site.add("halfway", IN_PLACE)
    code = """if True:
        import numpy as np, quantforge
        spot = np.array([100.0, 100.0])
        try:
            quantforge.price(spot, 105.0, 0.5, 0.03, 0.2, out=spot)
        except quantforge.BackendError as error:
            print(error)
    """
    ended = site.python("-c", code)
    assert ended.stdout == "backend 'halfway' failed to run 'price': RuntimeError: once\n"


def test_what_a_signal_handler_raises_belongs_to_the_caller(site):
    site.add("slow", "load = lambda: {'price': lambda *operands, out=None: time.sleep(30)}")
    code = """if True:
        import signal, sys, quantforge
        signal.signal(signal.SIGALRM, lambda number, frame: sys.exit(7))
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        quantforge.price([100.0], 105.0, 0.5, 0.03, 0.2)
    """
    ended = site.python("-c", code)
    assert (ended.returncode, ended.stderr) == (7, "")


def test_a_crash_handler_and_debugging_show_which_backend_was_about_to_load(site):
    site.add("deadly", "def load(): crash()")
    ended = site.price("-X", "faulthandler", QUANTFORGE_DEBUG="1")
    assert ended.returncode < 0
    place = "loading backend 'deadly', QUANTFORGE_BLOCK=deadly leaves it out"
    assert f"quantforge: {place}\n" in ended.stderr
    assert f'File "<{place}>"' in ended.stderr
    saved = site.price(blocked=["deadly"])
    assert float(saved.stdout) == near(PRICE)


def test_an_unknown_name_in_quantforge_block_is_told_once_with_the_valid_ones(site):
    site.add("fine")
    ended = site.price("-W", "always", blocked=["fien"])
    assert float(ended.stdout) == near(PRICE)
    assert ended.stderr.count("QUANTFORGE_BLOCK names fien, which is not installed; valid: ") == 1
    assert "fine" in ended.stderr.partition("valid: ")[2]


@pytest.mark.skipif(not COMPILED, reason="nothing compiled is installed")
def test_a_misspelt_instruction_set_is_told_once_with_the_valid_ones(site):
    site.add("numba")  # the name is blocked, installed or not
    settings = {"QUANTFORGE_BLOCK": "numba", "QUANTFORGE_ISA": "avx3"}
    ended = site.command("doctor", "--json", **settings)
    states = {each["name"]: each["state"] for each in json.loads(ended.stdout)["backends"]}
    assert {states[name] for name in COMPILED} == {"available"}
    warning = "QUANTFORGE_ISA=avx3 is ignored; valid: avx512, avx2, baseline"
    assert ended.stderr == f"quantforge: warning: {warning}\n"
