"""American exercise of `price`: what is said, and which operands a kernel gets for it.

The kernel here returns spot + 1000 style, so that a result tells the style; it keeps its operands.
"""

import inspect
import pickle

import numpy as np
import pandas
import pytest

import quantforge
from quantforge.operations import OPERATIONS
from quantforge.tuning import inputs
from quantforge.tuning.reference import Reference

OPTION = (100.0, 105.0, 0.5, 0.03, 0.2)
NAMES = [operand.name for operand in OPERATIONS["american_price"].inputs]


def styled(spot, strike, time, rate, dividend, sigma, sign, style, out=None):
    return np.add(spot, np.multiply(1000.0, style), out=out)


@pytest.fixture
def seen(install, describe):
    """Operands by name of every call of the only backend that has American options."""
    calls = []

    def kernel(*operands, out=None):
        calls.append(dict(zip(NAMES, operands, strict=True)))
        return styled(*operands, out=out)

    american = {"american_price": 1}
    install(one=describe("one", numerics=american, load=lambda: {"american_price": kernel}))
    return calls


def test_the_operation_takes_what_the_european_one_takes_and_a_style():
    european, american = OPERATIONS["price"], OPERATIONS["american_price"]
    assert american.inputs[:-1] == european.inputs
    assert american.inputs[-1].name == "style"
    assert (american.function, american.exercise) == ("price", "american")


@pytest.mark.parametrize(("accuracy", "style"), [("fast", 1.0), ("standard", 2.0), ("high", 3.0)])
def test_the_accuracy_is_the_style_of_an_american_option(seen, accuracy, style):
    many = quantforge.price(*map(np.array, OPTION), exercise="american", accuracy=accuracy)
    assert quantforge.price(*OPTION, exercise="american", accuracy=accuracy) == 100 + 1000 * style
    assert many == 100.0 + 1000.0 * style
    assert [each["style"].item() for each in seen] == [style, style]


def test_every_operand_arrives_in_its_place(seen):
    quantforge.price(*OPTION, dividend=0.01, kind="put", exercise="American")
    given = dict(zip(("spot", "strike", "time", "rate", "sigma"), OPTION, strict=True))
    expected = {**given, "dividend": 0.01, "sign": -1.0, "style": 2.0}
    assert {name: value.item() for name, value in seen[0].items()} == expected


@pytest.mark.parametrize(
    ("model", "dividend", "carry"),
    [
        ("black_scholes", {"dividend": 0.01}, 0.01),
        ("merton", {"dividend": 0.01}, 0.01),
        ("garman_kohlhagen", {"dividend": 0.01}, 0.01),
        ("black_scholes", {}, 0.0),
        ("black76", {}, 0.03),  # the rate
    ],
)
@pytest.mark.parametrize("several", [False, True])
def test_a_model_says_what_the_dividend_is(seen, model, dividend, carry, several):
    exercise = ["american", "european"] if several else "american"
    quantforge.price(*OPTION, **dividend, model=model, exercise=exercise)
    assert seen[0]["dividend"].item() == carry


def test_exercises_may_differ_from_option_to_option(seen):
    words = ["american", "european", "AMERICAN"]
    for exercise in (words, tuple(words), np.array(words), pandas.Categorical(words)):
        found = quantforge.price(*OPTION, exercise=exercise, accuracy="high")
        assert found.tolist() == [3100.0, 100.0, 3100.0]


def test_they_broadcast_against_everything_else_and_write_to_out(seen):
    out = np.empty((2, 3))
    spots = np.array([1.0, 2.0, 3.0])
    exercise = [["european"], ["american"]]
    found = quantforge.price(spots, *OPTION[1:], exercise=exercise, kind=["c", "p", "c"], out=out)
    assert found is out
    assert out.tolist() == [[1.0, 2.0, 3.0], [2001.0, 2002.0, 2003.0]]
    assert np.asarray(seen[-1]["sign"]).tolist() == [1.0, -1.0, 1.0]
    with pytest.raises(ValueError, match=r"shapes do not broadcast: spot \(3,\), exercise \(2,\)"):
        quantforge.price(spots, *OPTION[1:], exercise=["european", "american"])


def test_a_missing_exercise_is_refused_by_its_label_if_errors_raise(seen):
    column = pandas.Series(["american", None], ["a", "b"])
    assert np.isnan(quantforge.price(*OPTION, exercise=column)["b"])
    with pytest.raises(ValueError, match="exercise at index 'b' is missing"):
        quantforge.price(*OPTION, exercise=column, errors="raise")


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["bermudan", "", ["american", "x"], [1.0]], ids=repr)
def test_an_unknown_exercise_is_told_the_valid_ones(seen, wrong):
    for call in (
        quantforge.price,
        lambda *_, exercise: quantforge.bind("price", exercise=exercise),
    ):
        with pytest.raises(ValueError, match=r"unknown exercise .* valid: 'european', 'american'"):
            call(*OPTION, exercise=wrong)


@pytest.mark.parametrize("exercise", ["european", "american"])
@pytest.mark.parametrize("wrong", ["best", None, ["high"], 2.0], ids=repr)
def test_an_unknown_accuracy_is_told_the_valid_ones(seen, exercise, wrong):
    match = "unknown accuracy .* valid: 'fast', 'standard', 'high'"
    with pytest.raises(ValueError, match=match):
        quantforge.price(*OPTION, exercise=exercise, accuracy=wrong)
    with pytest.raises(ValueError, match=match):
        quantforge.bind("price", exercise=exercise, accuracy=wrong)


AVAILABLE = (
    "exercise 'american' is available for price with the models "
    "black_scholes, merton, black76, garman_kohlhagen and greeks with the models"
)


@pytest.mark.parametrize("exercise", ["american", ["american", "european"]], ids=["word", "array"])
def test_where_there_is_no_american_exercise_the_message_says_where_there_is(seen, exercise):
    for call in (
        lambda: quantforge.price(*OPTION, model="bachelier", exercise=exercise),
        lambda: quantforge.greeks(*OPTION, model="bachelier", exercise=exercise),
        lambda: quantforge.implied_volatility(
            5.0, *OPTION[:4], model="bachelier", exercise=exercise
        ),
        lambda: quantforge.bind("greeks", model="bachelier", exercise=exercise),
    ):
        with pytest.raises(ValueError, match=AVAILABLE):
            call()
    with pytest.raises(ValueError, match=AVAILABLE):
        quantforge.explain("price", model="bachelier", exercise="american")
    with pytest.raises(ValueError, match="unknown exercise 'x'; valid: 'european', 'american'"):
        quantforge.explain("price", exercise="x")


def test_the_fallback_leaves_it_out_and_nobody_else_takes_its_place(install):
    install()
    with pytest.raises(quantforge.BackendError, match="no usable backend implements 'american_"):
        quantforge.price(*OPTION, exercise="american")
    with pytest.raises(quantforge.BackendError, match="'numpy' does not implement 'american_pric"):
        quantforge.price(*OPTION, exercise="american", backend="numpy")


# --- the European path -------------------------------------------------------------------------


@pytest.mark.parametrize("option", [OPTION, [np.full(1, x) for x in OPTION]], ids=["0-d", "1-d"])
def test_a_european_option_is_priced_as_if_nothing_had_been_said(seen, option):
    expected = quantforge.price(*option)
    for said in ("european", "European", "EUROPEAN "):
        for accuracy in ("fast", "standard", "high"):
            assert quantforge.price(*option, exercise=said, accuracy=accuracy) == expected
            assert quantforge.bind("price", exercise=said, accuracy=accuracy)(*option) == expected
    assert quantforge.greeks(*option, exercise="European") == quantforge.greeks(*option)
    assert not seen  # the kernel of American options never ran


def test_exercise_and_accuracy_are_given_by_name():
    parameters = inspect.signature(quantforge.price).parameters
    for name, default in (("exercise", "european"), ("accuracy", "standard")):
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default == default


# --- floats, bind, pickle, explain -------------------------------------------------------------


def test_floats_go_to_the_function_of_floats_where_there_is_one(install, describe):
    import ctypes

    taken = []

    def scalar(*option):
        taken.append(option)
        return option[0] + 1000.0 * option[-1]

    loop = ctypes.CFUNCTYPE(None)(lambda: None)
    given = quantforge.Loop(ctypes.cast(loop, ctypes.c_void_p).value, scalar=lambda wanted: scalar)
    install(
        one=describe("one", numerics={"american_price": 1}, load=lambda: {"american_price": given})
    )
    how = {"exercise": "american", "accuracy": "fast"}
    assert quantforge.price(*OPTION, dividend=0.01, kind="put", **how) == 1100.0
    assert quantforge.bind("price", kind="put", **how)(*OPTION, 0.01) == 1100.0
    assert taken == [(100.0, 105.0, 0.5, 0.03, 0.01, 0.2, -1.0, 1.0)] * 2
    assert {type(each) for option in taken for each in option} == {float}


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_bound_call_keeps_exercise_and_accuracy_also_in_a_pickle(seen, size):
    words = ["american", "european"]
    for exercise, expected in (("american", 3100.0), (words, [3100.0, 100.0])):
        how = {"exercise": exercise, "accuracy": "high", "n": size}
        bound = quantforge.bind("price", threads=1, **how)
        for each in (bound, pickle.loads(pickle.dumps(bound))):
            assert each(*OPTION).tolist() == expected
            assert each(*map(np.array, OPTION)).tolist() == expected
            assert repr(each) == "<american price of a black_scholes call on one, 1 thread>"


def test_explain_answers_for_american_options(seen):
    decision = quantforge.explain("price", 10, exercise="american")
    assert (decision.operation, decision.backend) == ("american_price", "one")
    assert decision.candidates["numpy"] == "does not implement 'american_price'"
    assert quantforge.explain("american_price").backend == "one"
    assert quantforge.explain("price").backend == "numpy"


# --- operations of others, and tuning ----------------------------------------------------------


def test_an_operation_that_another_package_declares_takes_the_words_too(
    install, describe, catalogue
):
    import dataclasses

    changes = {"name": "one_barrier", "function": "one_barrier"}
    operation = dataclasses.replace(OPERATIONS["american_price"], **changes)

    class Plugin:
        @quantforge.hookimpl
        def quantforge_operations(self):
            return [operation]

        @quantforge.hookimpl
        def quantforge_backend(self):
            return describe(
                "one", numerics={"one_barrier": 1}, load=lambda: {"one_barrier": styled}
            )

    install(install.point("one", Plugin()))
    barrier = quantforge.function("one_barrier")
    assert barrier(*OPTION) == 2100.0
    assert barrier(*OPTION, accuracy="high", exercise=["american", "european"]).tolist() == [
        3100.0,
        100.0,
    ]
    assert inputs.call("one_barrier", inputs.operands("one_barrier", 4), 4)().shape == (4,)


def test_tuning_draws_and_calls_it_as_the_catalogue_declares_it(seen):
    drawn = inputs.operands("american_price", 8)
    assert set(drawn) == {"spot", "strike", "time", "rate", "dividend", "sigma"}
    found = inputs.call("american_price", drawn, 8)()
    assert found.tolist() == (drawn["spot"] + 2000.0).tolist()


def test_a_reference_of_tuning_needs_no_result_of_the_fallback(install, describe, monkeypatch):
    def backend(name, kernel):
        return describe(
            name,
            numerics={"american_price": 1},
            exact=True,
            load=lambda: {"american_price": kernel},
        )

    def wrong(*operands, out=None):
        return np.add(styled(*operands), 1.0, out=out)

    monkeypatch.setattr("quantforge.kernels._check_golden_bits", lambda *_: None)
    install(a=backend("a", styled), b=backend("b", styled), c=backend("c", wrong))
    drawn = inputs.operands("american_price", 8)
    reference = Reference("american_price", drawn, ["a", "b", "c"])
    for name in ("a", "b"):
        reference.check(name, 8, inputs.call("american_price", drawn, 8, name)())
    with pytest.raises(quantforge.BackendError, match="american_price of 8 options is wrong"):
        reference.check("c", 8, inputs.call("american_price", drawn, 8, "c")())
