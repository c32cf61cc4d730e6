"""The catalogue: one declaration for each operation, found by what users say."""

from dataclasses import replace

import numpy as np
import pytest

import quantforge
from quantforge.conventions import MODELS
from quantforge.operations import OPERATIONS, find, register
from quantforge.plugins import registry

FUNCTIONS = ("price", "greeks", "implied_volatility")
DIGITAL = replace(OPERATIONS["price"], name="digital", function="digital", numerics=1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_an_operation_for_every_model(function, model):
    found = find(function, model)
    assert (found.function, found.exercise) == (function, "european")
    assert found.family == MODELS[model].family


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_name_of_the_catalogue_finds_itself_alone_or_with_a_model_it_serves(name):
    assert find(name).name in (name, OPERATIONS[name].function)
    assert find(name, OPERATIONS[name].model).name == name


def test_a_name_and_a_model_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="'bachelier_price' is not for model 'black76'"):
        find("bachelier_price", "black76")


@pytest.mark.parametrize("name", OPERATIONS)
def test_explain_answers_for_every_name_of_the_catalogue(name):
    if not registry().candidates(name, "contract"):
        pytest.skip("nothing installed implements it")
    asked = OPERATIONS[name]
    how = {"model": asked.model, "exercise": asked.exercise}
    assert quantforge.explain(name, 10, model=asked.model).operation == name
    assert quantforge.explain(name, 10, **how).operation == name
    assert quantforge.explain(asked.function, 10, **how).operation == name


def test_an_inversion_names_the_operation_whose_result_it_starts_from():
    for each in OPERATIONS.values():
        if each.function == "implied_volatility":
            inverted = OPERATIONS[each.inverse_of]
            assert inverted.family == each.family
            assert [output.name for output in inverted.outputs] == [each.inputs[0].argument]
        else:
            assert each.inverse_of == ""


def test_an_exercise_finds_its_own_operation_or_is_told_where_there_is_one():
    assert find("price", "black76", "american").name == "american_price"
    assert find("american_price").name == "american_price"
    with pytest.raises(ValueError, match="'american' is available for price with the models"):
        find("price", "bachelier", "american")
    with pytest.raises(ValueError, match="'american' is available for price with the models"):
        find("bachelier_price", "bachelier", "american")
    with pytest.raises(ValueError, match="unknown exercise 'x'; valid: 'european', 'american'"):
        find("price", exercise="x")


# --- operations of others ----------------------------------------------------------------------


def test_the_exercise_boundary_is_found_whether_or_not_the_exercise_is_said():
    for exercise in ("american", "european"):
        assert find("exercise_boundary", "black76", exercise).name == "exercise_boundary"
    with pytest.raises(ValueError, match="'exercise_boundary' is not for model 'bachelier'"):
        find("exercise_boundary", "bachelier")


def test_a_registered_operation_is_found_and_registering_it_again_changes_nothing(catalogue):
    assert register(DIGITAL) is DIGITAL
    assert find("digital") is DIGITAL
    assert register(replace(DIGITAL)) == DIGITAL


@pytest.mark.parametrize(
    "changes",
    [{"numerics": 2}, {"name": "digital_2"}, {"name": "price"}],
    ids=["another version", "the same function", "a name that is taken"],
)
def test_an_operation_does_not_take_the_place_of_another(catalogue, changes):
    register(DIGITAL)
    with pytest.raises(ValueError, match=r"cannot be registered: .* is there already"):
        register(replace(DIGITAL, **changes))


@pytest.mark.parametrize("wrong", [None, "digital", {"name": "digital"}], ids=repr)
def test_only_an_operation_can_be_registered(wrong):
    with pytest.raises(TypeError, match=r"not a quantforge\.Operation"):
        register(wrong)


def test_an_unknown_function_is_told_the_valid_ones():
    with pytest.raises(ValueError, match="unknown function 'telepathy'; valid: price, greeks,"):
        quantforge.function("telepathy")


def test_the_functions_that_we_write_ourselves_are_handed_out_as_they_are():
    for name in (*FUNCTIONS, "exercise_boundary"):
        assert quantforge.function(name) is getattr(quantforge, name)


@pytest.fixture
def digital(install, describe, catalogue):
    """The function of an operation that a plugin declares, with a backend that computes it."""

    def kernel(spot, strike, time, rate, dividend, sigma, sign, out=None):
        # The value of the argument list itself: enough to see what arrives where.
        return np.add(100.0 * dividend + sign, 10.0 * (spot - strike) + rate, out=out)

    class Plugin:
        @quantforge.hookimpl
        def quantforge_operations(self):
            return [DIGITAL]

        @quantforge.hookimpl
        def quantforge_backend(self):
            return describe("digits", numerics={"digital": 1}, load=lambda: {"digital": kernel})

    install(install.point("digits", Plugin()))
    return quantforge.function("digital")


def test_a_plugin_s_operation_gets_a_function_with_the_declared_signature(digital):
    import inspect

    parameters = list(inspect.signature(digital).parameters)
    assert parameters[:5] == ["spot", "strike", "time", "rate", "sigma"]
    assert set(parameters[5:]) >= {"dividend", "kind", "model", "out", "errors", "backend"}
    assert "price of the underlying" in digital.__doc__


def test_it_takes_what_our_functions_take(digital):
    assert digital(101.0, 100.0, 1.0, 0.5, 0.2, dividend=0.25, kind="put") == 34.5
    many = digital([101.0, 102.0], 100.0, 1.0, 0.5, 0.2, kind=["call", "put"])
    assert many.tolist() == [11.5, 19.5]
    with pytest.raises(TypeError, match="spot must be real numbers"):
        digital("far", 100.0, 1.0, 0.5, 0.2)
    assert quantforge.explain("digital").backend == "digits"
