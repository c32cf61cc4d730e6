"""What plugins declare: names are theirs alone, and a clash costs those who clash."""

from dataclasses import replace

import pytest

import quantforge
from quantforge.operations import OPERATIONS, Operand, Operation, Output
from quantforge.plugins import registry


class Distribution:
    """What the core asks a distribution for."""

    version = "1.0"

    def __init__(self, name):
        self.name = name


def declared(name, **changes):
    """An operation like the price of the core, under a name of its own."""
    return replace(OPERATIONS["price"], **{"name": name, "function": name, "numerics": 1} | changes)


@pytest.fixture
def plug(install, describe, catalogue):
    """A function making plugins, by name, from what they declare; each has a backend too.

    Their distributions have the same names with ``dist-`` before them.
    """

    def plugins(**declarations):
        points = []
        for name, operations in declarations.items():

            class Plugin:
                said = name.replace("__", "-"), operations

                @quantforge.hookimpl
                def quantforge_operations(self):
                    return iter(self.said[1])

                @quantforge.hookimpl
                def quantforge_backend(self):
                    return describe(self.said[0])

            point = install.point(name.replace("__", "-"), Plugin())
            point.dist = Distribution(f"dist-{point.name}")
            points.append(point)
        install(*points)
        return {each.name: each for each in quantforge.backends()}

    return plugins


@pytest.mark.parametrize("plugin", ["mine", "mine__fast"])
def test_names_begin_with_the_plugin_s_own(plug, plugin):
    own = plugin.replace("__", "_")
    operations = [declared(own), declared(f"{own}_price")]
    found = plug(**{plugin: operations})
    assert found[plugin.replace("__", "-")].state == "available"
    assert {own, f"{own}_price"} <= OPERATIONS.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        declared("barrier"),
        declared("minecraft"),
        declared("mine_barrier", function="barrier"),
        declared("price", numerics=3),
        declared("mine_price", function="price", exercise="american"),
    ],
    ids=lambda operation: f"{operation.name} {operation.function}",
)
def test_other_names_are_refused_with_the_plugin_and_nothing_of_it_is_there(plug, wrong):
    before = dict(OPERATIONS)
    mine = plug(mine=[declared("mine_first"), wrong], other=[declared("other_one")])["mine"]
    assert mine.state == "broken"
    assert "plugin 'mine' of dist-mine 1.0 declares" in mine.reason
    assert "names that a plugin declares begin with its own: call it 'mine_" in mine.reason
    assert before | {"other_one": declared("other_one")} == OPERATIONS
    with pytest.warns(quantforge.QuantForgeWarning, match="'mine' is left out"):
        assert quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2) == pytest.approx(10.450583572185565)


def test_a_name_of_the_core_is_the_core_s(plug):
    """A plugin may be called as the core's names begin."""
    found = plug(american=[declared("american_price")])["american"]
    assert found.state == "broken"
    assert "plugin 'american' of dist-american 1.0: operation 'american_price'" in found.reason
    assert "is there already" in found.reason
    assert OPERATIONS["american_price"].function == "price"


def test_two_plugins_that_declare_one_name_differently_are_both_left_out(plug):
    """Nobody can know which of the two a backend means that implements it."""
    one, other = declared("a_b_c"), declared("a_b_c", numerics=2)
    found = plug(a=[one, declared("a_d")], a_b=[other], third=[declared("third")])
    for name in ("a", "a_b"):
        assert found[name].state == "broken"
        assert found[name].reason == (
            "plugin 'a' of dist-a 1.0 and plugin 'a_b' of dist-a_b 1.0 both declare operation "
            "'a_b_c' (with another numerics): uninstall one"
        )
    assert found["third"].state == "available"
    assert not {"a_b_c", "a_d"} & OPERATIONS.keys()
    assert "third" in OPERATIONS


def test_a_backend_of_an_operation_that_clashes_keeps_its_others(plug, install, describe):
    plug(a=[declared("a_b")], a_b=[declared("a_b", numerics=2)])
    points = [*quantforge.discovery.entry_points()[0]]
    load = describe().load
    numerics = {"a_b": 1, "price": OPERATIONS["price"].numerics}
    install(*points, third=describe("third", numerics=numerics, load=load))
    assert quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2, backend="third") > 10.0
    with pytest.raises(ValueError, match=r"unknown function 'a_b'; .* plugin 'a', which may"):
        quantforge.function("a_b")


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (declared("a_b", function="a_b_f"), declared("a_b_d", function="a_b_f"), "'a_b_f' with"),
        (declared("a_b_f"), declared("a_b_d", function="a_b_f", family="bachelier"), ""),
        (declared("a_b_f", function="a_g"), declared("a_b_d", function="a_b_f"), "as an operation"),
    ],
    ids=["one function", "one function for two families", "a function and an operation"],
)
def test_a_function_is_one_plugin_s_for_a_family_and_an_exercise(plug, one, other, common):
    found = plug(a=[one], a_b=[other])
    assert {found[name].state for name in ("a", "a_b")} == {"broken" if common else "available"}
    assert common in found["a"].reason


def test_a_plugin_that_contradicts_itself_is_told(plug):
    found = plug(a=[declared("a_b"), declared("a_b", numerics=2)])["a"]
    assert "declares operation 'a_b' (with another numerics) twice: rename one" in found.reason


def test_the_same_declaration_from_two_plugins_is_no_clash(plug):
    found = plug(a=[declared("a_b")], a_b=[declared("a_b")])
    assert {found[name].state for name in ("a", "a_b")} == {"available"}


def test_what_a_plugin_declared_is_gone_with_it(plug, install):
    plug(a=[declared("a_b")])
    assert "a_b" in OPERATIONS
    install()
    registry()
    assert "a_b" not in OPERATIONS


def test_an_unknown_name_says_which_plugin_may_declare_it(plug, install, monkeypatch):
    monkeypatch.setenv("QUANTFORGE_BLOCK", "a")
    plug(a=[declared("a_b")])
    why = "plugin 'a', which may declare it, is blocked: named in QUANTFORGE_BLOCK"
    for ask in (quantforge.function, quantforge.bind, quantforge.explain):
        with pytest.raises(ValueError, match=why):
            ask("a_b")


@pytest.mark.parametrize("name", ["", "Digital", "cash-or-nothing", "a.b", "1st", "a b", "é", None])
def test_names_are_such_that_every_place_takes_them(name):
    for make in (
        lambda: declared(name),
        lambda: declared("mine", function=name),
        lambda: Operand(name, "anything", "", (0.0, 1.0)),
        lambda: Operand("x", "anything", "", (0.0, 1.0), argument=name or "X"),
        lambda: Output(name, "anything", ""),
    ):
        with pytest.raises(ValueError, match="a name has small letters, digits and underscores"):
            make()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"numerics": 0}, "numerics of mine is 0"),
        ({"family": "heston"}, "family of mine is 'heston'; valid: 'lognormal', 'bachelier'"),
        ({"exercise": "bermudan"}, "exercise of mine is 'bermudan'; valid: 'european', 'americ"),
        ({"inputs": ()}, "mine has no inputs"),
        ({"outputs": ()}, "mine has no outputs"),
        ({"outputs": OPERATIONS["price"].outputs * 2}, "mine has price twice among its outputs"),
        ({"default_outputs": ("value",)}, "unknown output 'value' of mine; valid: price"),
        (
            {"inputs": (Operand("backend", "anything", "", (0.0, 1.0)),)},
            "an input of mine cannot be called 'backend'",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_called_is_refused_where_it_is_declared(changes, message):
    with pytest.raises(ValueError, match=message):
        declared("mine", **changes)


def test_results_come_by_name_where_there_are_several_but_for_an_inversion():
    by_name = {name for name, operation in OPERATIONS.items() if operation.is_named}
    assert by_name == {"greeks", "american_greeks", "bachelier_greeks"}
    assert isinstance(OPERATIONS["price"], Operation)
