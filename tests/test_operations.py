"""The catalogue: one declaration for each operation, found by what users say."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import quantforge
from quantforge.calls import Call
from quantforge.conventions import MODELS
from quantforge.operations import OPERATIONS, RATE, find, register
from quantforge.plugins import registry
from quantforge.results import Greeks
from quantforge.selection import select

FUNCTIONS = ("price", "greeks", "implied_volatility")
OPTION = (101.0, 100.0, 1.0, 0.5, 0.2)
DIGITAL = replace(OPERATIONS["price"], name="digits_digital", function="digits_digital", numerics=1)
GREEKS = replace(
    OPERATIONS["greeks"],
    name="digits_greeks",
    function="digits_greeks",
    numerics=1,
    default_outputs=("price", "delta"),
)


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
    assert find("digits_digital") is DIGITAL
    assert register(replace(DIGITAL)) == DIGITAL


@pytest.mark.parametrize(
    "changes",
    [{"numerics": 2}, {"name": "digits_2"}, {"name": "price"}],
    ids=["another version", "the same function", "a name that is taken"],
)
def test_an_operation_does_not_take_the_place_of_another(catalogue, changes):
    register(DIGITAL)
    with pytest.raises(ValueError, match=r"cannot be registered: .* is there already"):
        register(replace(DIGITAL, **changes))


def swapped(inputs):
    first, second, *others = inputs
    return (second, first, *others)


@pytest.mark.parametrize(
    "change",
    [swapped, lambda inputs: inputs[:-1], lambda inputs: inputs[1:]],
    ids=["another order", "no kind", "one less"],
)
def test_operations_of_one_function_take_the_same_inputs_in_one_order(catalogue, change):
    """What a call gives by position would reach another input of the other operation."""
    register(DIGITAL)
    bachelier = OPERATIONS["bachelier_price"]
    other = replace(bachelier, name="digits_other", function=DIGITAL.function, numerics=1)
    with pytest.raises(ValueError, match=r"'digits_digital' with other inputs .* is there already"):
        register(replace(other, inputs=change(other.inputs)))
    assert register(other) is other


def test_a_dividend_that_only_some_of_its_operations_take_would_be_dropped(catalogue):
    register(DIGITAL)
    inputs = tuple(each for each in DIGITAL.inputs if each.argument != "dividend")
    other = replace(DIGITAL, name="digits_other", exercise="american", inputs=inputs)
    with pytest.raises(ValueError, match="with other inputs"):
        register(other)


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
def publish(install, describe, catalogue):
    """A function that publishes operations with their kernels, as the plugin ``digits``."""

    def publish(kernels):
        by_name = {operation.name: kernel for operation, kernel in kernels.items()}

        class Plugin:
            @quantforge.hookimpl
            def quantforge_operations(self):
                return list(kernels)

            @quantforge.hookimpl
            def quantforge_backend(self):
                numerics = dict.fromkeys(by_name, 1)
                return describe("digits", numerics=numerics, load=lambda: by_name)

        install(install.point("digits", Plugin()))

    return publish


@pytest.fixture
def digital(publish):
    """The function of an operation that a plugin declares, with a backend that computes it."""

    def kernel(spot, strike, time, rate, dividend, sigma, sign, out=None):
        # The value of the argument list itself: enough to see what arrives where.
        [place] = out or [None]
        return np.add(100.0 * dividend + sign, 10.0 * (spot - strike) + rate, out=place)

    def greeks(spot, *_, out=None, outputs=()):
        places = out or [None] * len(outputs)
        known = {output.name: place for place, output in enumerate(GREEKS.outputs)}
        # 1000 times the place of the output, and the spot.
        found = zip(outputs, places, strict=True)
        found = tuple(np.add(1000.0 * known[name], spot, out=out) for name, out in found)
        return found if len(found) > 1 else found[0]

    publish({DIGITAL: kernel, GREEKS: greeks})
    return quantforge.function("digits_digital")


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
    assert quantforge.explain("digits_digital").backend == "digits"


def test_wrong_arguments_are_told_with_the_name_of_the_function(digital):
    missing = r"^digits_digital\(\) missing 2 required positional arguments: 'rate' and 'sigma'$"
    with pytest.raises(TypeError, match=missing):
        digital(101.0, 100.0, 1.0)
    with pytest.raises(TypeError, match=r"^digits_digital\(\) takes 5 positional arguments but 6"):
        digital(*OPTION, 1.0)
    with pytest.raises(TypeError, match=r"^digits_digital\(\) got an unexpected .* 'which'"):
        digital(101.0, 100.0, 1.0, 0.5, 0.2, which=["price"])


def test_a_second_call_goes_the_shortest_way(digital, monkeypatch):
    called = quantforge.function("digits_greeks")
    spots = np.array([101.0, 102.0])
    for option in (OPTION, (spots, *OPTION[1:])):
        first = digital(*option, kind="put"), called(*option).delta
        monkeypatch.setattr(Call, "evaluate", lambda *_: pytest.fail("the full path is taken"))
        second = digital(*option, kind="put"), called(*option).delta
        monkeypatch.undo()
        assert list(map(np.ndarray.tolist, map(np.asarray, second))) == (
            list(map(np.ndarray.tolist, map(np.asarray, first)))
        )


def test_several_results_come_by_name_with_a_choice_and_units(digital):
    called = quantforge.function("digits_greeks")
    assert dict(called(*OPTION)) == {"price": 101.0, "delta": 1101.0}
    assert dict(called(*OPTION, which="gamma")) == {"gamma": 2101.0}
    assert called(*OPTION, which=["vega", "price"]).vega == 3101.0
    assert called(*OPTION, which=("vega", "theta"), units="market") == {
        "vega": 31.01,
        "theta": 4101.0 / 365.0,
    }
    with pytest.raises(ValueError, match=r"unknown output 'detla' of digits_greeks; .* 'delta'"):
        called(*OPTION, which="detla")


def test_each_operation_of_a_function_has_its_own_default_of_results(publish):
    less = replace(
        GREEKS,
        name="digits_american",
        exercise="american",
        inputs=OPERATIONS["american_greeks"].inputs,
        outputs=GREEKS.outputs[2:4],
        default_outputs=("vega",),
    )
    more = replace(GREEKS, inputs=less.inputs, exercise="european")

    def kernel(spot, *_, out=None, outputs=()):
        assert out is None
        found = tuple(spot + len(name) for name in outputs)
        return found if len(found) > 1 else found[0]

    publish({more: kernel, less: kernel})
    called = quantforge.function(more.function)
    for _ in range(2):
        assert dict(called(*OPTION)) == {"price": 106.0, "delta": 106.0}
        assert dict(called(*OPTION, exercise="american")) == {"vega": 105.0}
        assert dict(quantforge.function(less)(*OPTION)) == {"vega": 105.0}
        with pytest.raises(ValueError, match="unknown output 'price' of digits_american"):
            called(*OPTION, exercise="american", which=more.default_outputs)
    for one in (more, less):
        assert pickle.loads(pickle.dumps(quantforge.function(one))) is quantforge.function(one)


def test_results_by_name_are_written_where_out_says(digital):
    called, out = quantforge.function("digits_greeks"), np.empty(2)
    found = called([101.0, 102.0], *OPTION[1:], out={"delta": out})
    assert found.delta is out
    assert out.tolist() == [1101.0, 1102.0]
    for function in (called, quantforge.greeks):
        with pytest.raises(TypeError, match="out has to map names of results to arrays"):
            function([101.0, 102.0], *OPTION[1:], out=out)


def test_an_operation_need_not_have_a_rate_a_dividend_or_a_kind(publish):
    """Forwards of a fixed price, say: what they lack is asked for neither by name nor by place."""
    inputs = [each for each in DIGITAL.inputs if each.argument in ("spot", "strike", "time")]
    bare = replace(DIGITAL, inputs=tuple(inputs))

    def kernel(spot, strike, time, out=None):
        [place] = out or [None]
        return np.multiply(spot - strike, time, out=place)

    publish({bare: kernel})
    for called in (quantforge.function(bare), quantforge.bind(bare.name)):
        assert called(101.0, 100.0, 2.0) == 2.0
        assert called([101.0, 102.0], 100.0, 2.0).tolist() == [2.0, 4.0]
        assert called(np.array([[101.0], [102.0]]), 100.0, [2.0, 3.0]).tolist() == [[2, 3], [4, 6]]
    for wrong in ({"dividend": 0.0}, {"kind": "put"}, {"rate": 0.0}):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            quantforge.function(bare)(101.0, 100.0, 2.0, **wrong)


NAMES = """
    self sign signs key call calls check request given settings options operation known one scalar
    found error kernel single n carry carry_cost signs_count dividends type float int str tuple map
    zip len isinstance numbers names arguments inputs shape size values outs results function price
"""
"""What a generated function, or one of our own, may call something."""


def test_an_input_may_have_any_name_that_is_not_taken(publish):
    """A kernel gets what was given by name, whatever our own code calls things."""
    names = NAMES.split()
    inputs = tuple(replace(OPERATIONS["price"].inputs[0], name=name, argument="") for name in names)
    bare = replace(DIGITAL, inputs=inputs)
    weights = 2.0 ** np.arange(len(names))

    def kernel(*given, out=None):
        [place] = out or [None]
        total = sum(weight * each for weight, each in zip(weights, given, strict=True))
        return np.add(total, 0.0, out=place)

    publish({bare: kernel})
    number = dict(zip(names, np.arange(1.0, len(names) + 1.0).tolist(), strict=True))
    array = {name: np.full(3, each) for name, each in number.items()}
    expected = float(weights @ list(number.values()))
    for called in (quantforge.function(bare), quantforge.bind(bare.name)):
        for _ in range(2):
            assert called(**number) == expected
            assert called(*number.values()) == expected
            assert called(**array).tolist() == [expected] * 3
            assert called(**array, out=np.empty(3)).tolist() == [expected] * 3
            assert called(**{**number, "carry": [number["carry"]] * 3}).tolist() == [expected] * 3


@pytest.mark.parametrize("name", ["lambda", "yield", "is"])
def test_a_word_that_python_keeps_for_itself_is_no_name(name):
    with pytest.raises(ValueError, match=f"argument '{name}': a word that Python keeps"):
        replace(OPERATIONS["price"].inputs[0], argument=name)
    with pytest.raises(ValueError, match=f"function '{name}': a word that Python keeps"):
        replace(DIGITAL, function=name)


def test_an_inversion_returns_its_codes_where_they_are_asked_for(publish):
    inverse = replace(
        OPERATIONS["implied_volatility"],
        name="digits_implied",
        function="digits_implied",
        numerics=1,
        inverse_of=DIGITAL.name,
    )

    def kernel(price, *_, out=None, outputs=()):
        found = {"sigma": price / 100.0, "code": np.full(price.shape, 3, np.int8)}
        results = tuple(found[name] for name in outputs)
        return results if len(results) > 1 else results[0]

    publish({inverse: kernel, DIGITAL: kernel})
    called = quantforge.function(inverse)
    for _ in range(2):
        assert called(50.0, *OPTION[:4]) == 0.5
        sigma, code = called(np.array([50.0, 25.0]), *OPTION[:4], status=True)
        assert sigma.tolist() == [0.5, 0.25]
        assert code.tolist() == [3, 3]
        assert code.dtype == np.int8


def test_no_output_hides_behind_a_method_of_the_results():
    value = OPERATIONS["price"].outputs[0]
    methods = {name for name in dir(Greeks()) if not name.startswith("_")}
    assert {"items", "to_pandas"} <= methods
    for name in methods:
        outputs = value, replace(value, name=name)
        with pytest.raises(ValueError, match=f"an output of digits_digital cannot be .*'{name}'"):
            replace(DIGITAL, outputs=outputs)
        assert replace(DIGITAL, outputs=outputs[1:]).outputs[0].name == name  # returned as it is


def test_a_function_finds_the_operation_of_the_model_that_is_said(publish):
    other = replace(
        OPERATIONS["bachelier_price"], name="digits_other", function=DIGITAL.function, numerics=1
    )

    def kernel(factor):
        return lambda spot, *_, out=None: np.multiply(spot, factor, out=(out or [None])[0])

    publish({DIGITAL: kernel(1.0), other: kernel(2.0)})
    called = quantforge.function(DIGITAL.function)
    for spot in (101.0, np.array([101.0]), [101.0]):
        assert called(spot, *OPTION[1:]) == 101.0
        assert called(spot, *OPTION[1:], dividend=0.01, kind="put") == 101.0
        assert called(spot, *OPTION[1:], model="bachelier", kind="put") == 202.0
        with pytest.raises(ValueError, match="model 'bachelier' takes a forward"):
            called(spot, *OPTION[1:], model="bachelier", dividend=0.01)


@pytest.mark.parametrize(
    ("like", "model", "exercise"),
    [("bachelier_price", "bachelier", "european"), ("american_price", "black_scholes", "american")],
)
def test_a_function_of_one_model_or_exercise_has_these_by_default(publish, like, model, exercise):
    """Nobody has to say them, and what follows from a model follows."""
    only = replace(OPERATIONS[like], name="digits_only", function="digits_fn", numerics=1)
    publish(
        {only: lambda spot, strike, *_, out=None: np.subtract(spot, strike, out=(out or [None])[0])}
    )
    bound = quantforge.bind("digits_fn")
    assert quantforge.function("digits_fn")(*OPTION) == bound(*OPTION) == 1.0
    assert (bound.request.model, bound.request.exercise) == (model, exercise)
    assert quantforge.explain("digits_fn").backend == "digits"
    assert quantforge.explain("digits_fn", model=model, exercise=exercise).backend == "digits"
    if model == "bachelier":
        for ask in (quantforge.bind, quantforge.explain):
            with pytest.raises(ValueError, match="'digits_only' is not for model 'black76' but"):
                ask("digits_fn", model="black76")


def test_bind_takes_the_choice_too(digital):
    assert dict(quantforge.bind("digits_greeks")(*OPTION)) == {"price": 101.0, "delta": 1101.0}
    bound = quantforge.bind("digits_greeks", which=["gamma"])
    assert bound(*OPTION) == {"gamma": 2101.0}
    assert bound(np.array([101.0, 102.0]), *OPTION[1:]).gamma.tolist() == [2101.0, 2102.0]
    assert pickle.loads(pickle.dumps(bound))(*OPTION) == {"gamma": 2101.0}


def test_labels_stay_on_results_by_name(digital):
    pandas = pytest.importorskip("pandas")
    spot = pandas.Series([101.0, 102.0], index=["a", "b"])
    found = quantforge.function("digits_greeks")(spot, *OPTION[1:]).to_pandas()
    assert found.loc["b"].to_dict() == {"price": 102.0, "delta": 1102.0}


def test_a_declaration_gives_the_function_before_any_plugin_is_looked_for(monkeypatch, digital):
    monkeypatch.setattr(
        "quantforge.declared.registry", lambda: pytest.fail("plugins are looked for")
    )
    assert quantforge.function(GREEKS) is not quantforge.function(DIGITAL)
    monkeypatch.undo()
    assert quantforge.function(DIGITAL) is digital


def test_a_function_of_a_plugin_is_the_same_in_another_process(digital):
    assert pickle.loads(pickle.dumps(digital)) is digital


def test_a_declared_function_says_why_its_operation_is_not_there(install, catalogue):
    install(digits=lambda: 1 / 0)
    with pytest.raises(
        ValueError, match=r"unknown operation 'digits_digital'; .*; plugin 'digits', which may "
    ):
        quantforge.function(DIGITAL)(*OPTION)


def test_the_price_of_a_forward_has_no_rho_where_the_declaration_does_not_say_how(digital):
    """rho with the forward held constant is made of rho and phi."""
    called = quantforge.function("digits_greeks")
    assert called(*OPTION, which=["rho", "phi"], model="black76") == {"rho": 11202.0, "phi": 0.0}
    by_rate = quantforge.Output("rate_greek", "dV/drate", "", by=(RATE,))
    for name in ("rate_greek", "rho"):
        outputs = GREEKS.outputs[0], replace(by_rate, name=name)
        other = replace(GREEKS, outputs=outputs, default_outputs=())
        with pytest.raises(ValueError, match=f"digits_greeks does not have {name} for model"):
            select(other, MODELS["black76"], None)
