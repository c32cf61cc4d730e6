"""Backends are plugins: each is found and judged on its own, and says what became of it."""

import pytest
from quantforge_conformance import reference

import quantforge
from quantforge import CONTRACT, BackendError
from quantforge.plugins import State

OPTION = (100.0, 105.0, 0.5, 0.03, 0.2)
EXACT = float(reference.price(100.0, 105.0, 0.5, 0.03, 0.0, 0.2, 1))


def near(expected):
    return pytest.approx(expected, rel=1e-12)


def info(name):
    return {one.name: one for one in quantforge.backends()}[name]


def fail(error):
    """A function that raises."""

    def function(*_):
        raise error

    return function


# --- a healthy plugin --------------------------------------------------------------------------


def test_a_plugin_is_found_and_used_by_its_name(install, describe):
    install(fake=describe("fake", version="2.5", details=lambda: {"isa": "abacus"}))
    assert info("fake") == quantforge.BackendInfo(
        name="fake",
        state="available",
        reason="",
        version="2.5",
        exact=False,
        operations=("price",),
        device="cpu",
    )
    assert repr(info("fake")) == "<backend fake 2.5, available, not exact>"
    assert quantforge.price(*OPTION, backend="fake") == near(EXACT)
    assert repr(info("fake")) == "<backend fake 2.5, available, not exact, isa abacus>"


def test_a_module_that_takes_part_needs_no_class(install, describe):
    class Module:
        pass

    module = Module()
    module.quantforge_backend = quantforge.hookimpl(lambda: describe("plain"))
    install(install.point("plain", module))
    assert info("plain").state is State.AVAILABLE


def test_operations_of_a_later_core_do_no_harm(install, describe):
    install(fake=describe(numerics={"price": 1, "telepathy": 1}))
    assert info("fake").operations == ("price", "telepathy")
    assert quantforge.price(*OPTION, backend="fake") == near(EXACT)


def test_a_backend_without_the_operation_says_so(install, describe):
    install(fake=describe(numerics={"telepathy": 1}))
    with pytest.raises(BackendError, match="backend 'fake' does not implement 'price'"):
        quantforge.price(*OPTION, backend="fake")
    assert quantforge.price(*OPTION) == near(EXACT)


# --- plugins that fail before anything is loaded -----------------------------------------------

IMPORT, HOOK = "import failed: ", "hook failed: "
ODD = {
    "raises ImportError": (ImportError("no libfoo.so"), IMPORT + "ImportError: no libfoo.so"),
    "is misspelt": (
        AttributeError("no attribute 'x'"),
        IMPORT + "AttributeError: no attribute 'x'",
    ),
    "exits": (SystemExit("bye"), IMPORT + "SystemExit: bye"),
    "fails in silence": (RuntimeError(), IMPORT + "RuntimeError"),
    "fails at length": (RuntimeError("one\n  two"), IMPORT + "RuntimeError: one two"),
    "has no hook": (object(), HOOK + "TypeError: it has no hook implementation"),
    "is None": (None, HOOK + "TypeError: it has no hook implementation"),
}
HOOKS = {
    "raises": (fail(KeyError("isa")), HOOK + "KeyError: 'isa'"),
    "exits": (fail(SystemExit(3)), HOOK + "SystemExit: 3"),
    "returns None": (lambda: None, HOOK + "TypeError: `quantforge_backend` returned NoneType"),
    "returns a dict": (dict, HOOK + "TypeError: `quantforge_backend` returned dict"),
    "prices": (lambda: quantforge.price(*OPTION), HOOK + "RuntimeError: a plugin uses QuantForge"),
    "looks around": (quantforge.backends, HOOK + "RuntimeError: a plugin uses QuantForge"),
}


class Panic(BaseException):
    """What PyO3 makes of a panic derives from BaseException."""


HOOKS["panics"] = (fail(Panic("index out of bounds")), HOOK + "Panic: index out of bounds")


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [*ODD.values(), *HOOKS.values()],
    ids=[*ODD, *(f"hook {x}" for x in HOOKS)],
)
def test_a_plugin_that_fails_is_broken_and_the_others_work(install, describe, plugin, reason):
    install(a=describe("a"), bad=plugin, z=describe("z"))
    assert info("bad").state is State.BROKEN
    assert info("bad").reason.startswith(reason)
    assert [info(name).state for name in ("numpy", "a", "z")] == [State.AVAILABLE] * 3
    with pytest.raises(BackendError) as caught:
        quantforge.price(*OPTION, backend="bad")
    assert str(caught.value).startswith(f"backend 'bad' cannot run 'price': broken, {reason}")
    assert caught.value.__cause__ is info("bad").error
    assert quantforge.price(*OPTION, backend="z") == near(EXACT)


RUBBISH = {
    "name": [None, 5, "", "auto"],
    "version": [None, 1.0],
    "contract": ["1", None],
    "numerics": [["price"], None, {"price": "1"}],
    "exact": ["yes", None],
    "load": [None, {}],
    "requires": ["numba", ["numba"], (1,)],
    "preference": ["high", None],
    "details": [{"isa": "avx2"}],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in RUBBISH.items() for value in values]
)
def test_a_description_of_the_wrong_types_is_refused_in_the_plugins_own_hook(
    install, describe, field, value
):
    install(bad=lambda: describe(**{"name": "bad", field: value}), good=describe("good"))
    assert info("bad").reason == f"hook failed: TypeError: {field} of a backend cannot be {value!r}"
    assert quantforge.price(*OPTION, backend="good") == near(EXACT)


def test_ctrl_c_while_plugins_are_imported_is_not_swallowed(install, describe):
    install(slow=KeyboardInterrupt(), good=describe("good"))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            quantforge.backends()


@pytest.mark.parametrize(("contract", "age"), [(CONTRACT - 1, "older"), (CONTRACT + 1, "newer")])
def test_another_contract_is_incompatible_whichever_is_older(install, describe, contract, age):
    install(fake=describe(contract=contract, load=fail(AssertionError("loaded"))))
    assert info("fake").state is State.INCOMPATIBLE
    for part in (f"contract {contract}", f"this core has {CONTRACT}", f"plugin is {age}"):
        assert part in info("fake").reason
    with pytest.raises(BackendError, match=r"backend 'fake' cannot run 'price': incompatible, "):
        quantforge.price(*OPTION, backend="fake")


@pytest.mark.parametrize("needs", ["no_such_module", "no_such_package.part", "quantforge.no_such"])
def test_a_missing_requirement_makes_a_backend_unavailable(install, describe, needs):
    install(fake=describe(requires=("numpy", needs), load=fail(AssertionError("loaded"))))
    assert (info("fake").state, info("fake").reason) == (
        "unavailable",
        f"needs {needs}, not installed",
    )
    with pytest.raises(BackendError, match="unavailable, needs"):
        quantforge.price(*OPTION, backend="fake")


# --- names -------------------------------------------------------------------------------------


def test_of_two_plugins_of_one_name_both_are_named_and_neither_wins(install, describe):
    first = install.point("twin", AssertionError("imported"), "one_plugin")
    second = install.point("twin", AssertionError("imported"), "other.plugin")
    install(first, second, good=describe("good"))
    assert info("twin").state is State.BROKEN
    assert info("twin").reason == (
        "two distributions have this name: one_plugin, other.plugin; uninstall one"
    )
    with pytest.raises(BackendError, match=r"'twin' cannot run 'price': broken, two distributions"):
        quantforge.price(*OPTION, backend="twin")
    assert quantforge.price(*OPTION, backend="good") == near(EXACT)


def test_nobody_takes_the_place_of_the_fallback(install, describe):
    install(numpy=describe("numpy", version="fraud"))
    assert info("numpy").version == quantforge.__version__
    assert info("numpy (some_plugin)").state is State.BROKEN


def test_a_backend_cannot_go_by_another_name_than_its_entry_point(install, describe):
    install(honest=describe("honest"), impostor=describe("honest", version="fraud"))
    assert info("honest").version == "1.0"
    assert info("impostor").reason == (
        "hook failed: ValueError: entry point 'impostor' describes a backend named 'honest'"
    )


def test_an_unknown_backend_is_told_which_are_installed(install, describe):
    install(fake=describe())
    for call in (
        lambda: quantforge.price(*OPTION, backend="cobol"),
        lambda: quantforge.bind("price", backend="cobol"),
        lambda: quantforge.explain("price", backend="cobol"),
        lambda: quantforge.using(backend="cobol").__enter__(),
    ):
        with pytest.raises(
            ValueError, match="unknown backend 'cobol'; installed: auto, numpy, fake"
        ):
            call()
