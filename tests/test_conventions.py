"""How users say which option and which model they mean."""

import numpy as np
import pytest

from quantforge import conventions

WORDS = {"call": 1.0, "CALL": 1.0, "c": 1.0, "C": 1.0, "put": -1.0, "Put": -1.0, "p": -1.0}
NUMBERS = [1, -1, 1.0, -1.0, np.int8(-1), np.uint8(1), np.float32(-1), np.longdouble(1)]


@pytest.mark.parametrize(("word", "sign"), WORDS.items())
def test_a_word_says_call_or_put_in_any_case(word, sign):
    for kind in (word, np.str_(word), word.encode(), np.array(word)):
        assert conventions.sign(kind) == sign


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_a_number_is_the_sign_itself(number):
    assert conventions.sign(number) == float(number)


WANTED = [1.0, -1.0, -1.0, 1.0]
MANY = {
    "list": ["call", "PUT", "p", "C"],
    "tuple": ("call", "PUT", "p", "C"),
    "words": np.array(["call", "PUT", "p", "C"]),
    "big-endian words": np.array(["call", "PUT", "p", "C"], dtype=">U4"),
    "bytes": np.array([b"call", b"PUT", b"p", b"C"]),
    "objects": np.array(["call", -1, b"p", 1.0], dtype=object),
    "strings of any length": np.array(["call", "PUT", "p", "C"], dtype=np.dtypes.StringDType()),
    "int8": np.array([1, -1, -1, 1], dtype=np.int8),
    "float16": np.array([1, -1, -1, 1], dtype=np.float16),
    "big-endian": np.array([1, -1, -1, 1], dtype=">i4"),
    "words and numbers": ["call", -1, "p", 1.0],
    "words and NumPy numbers": ["c", np.int64(-1), np.float32(-1), np.str_("C")],
    "strided": np.array(["call", "x", "put", "x", "p", "x", "c", "x"])[::2],
}


@pytest.mark.parametrize("kinds", MANY.values(), ids=MANY)
def test_an_array_says_it_for_each_option(kinds):
    signs = conventions.sign(kinds)
    assert signs.dtype == np.float64
    assert signs.tolist() == WANTED


def test_any_number_of_axes_is_kept():
    assert conventions.sign([["c", "p"], ["p", "p"]]).tolist() == [[1, -1], [-1, -1]]
    assert conventions.sign([]).shape == (0,)
    assert conventions.sign(np.empty((0, 3), "U4")).shape == (0, 3)


WRONG = {
    "a word": ("straddle", "'straddle';"),
    "nothing": ("", "'';"),
    "None": (None, "None;"),
    "a bool": (True, "True;"),
    "a number": (2, "2;"),
    "zero": (0, "0;"),
    "a word in a list": (["call", "x"], "'x' at index 1;"),
    "a number in a list of words": (["call", "put", 2], "2 at index 2;"),
    "a number as a word": (["1", "-1"], "'1' at index 0;"),
    "a bool in a list of words": (["call", True], "True at index 1;"),
    "a word on two axes": ([["c", "p"], ["p", "q"]], "'q' at index 1, 1;"),
    "the first of several": ([["c", "y"], ["x", "p"]], "'y' at index 0, 1;"),
    "an int": (np.array([1, -1, 0]), "0 at index 2;"),
    "the least int8": (np.array([-1, -128], dtype=np.int8), "-128 at index 1;"),
    "a NaN": (np.array([1.0, np.nan]), "nan at index 1;"),
    "bools": (np.array([True, False]), "True at index 0;"),
    "complex numbers": (np.array([1 + 0j, -1]), r"(1+0j) at index 0;"),
    "an object": (np.array(["c", None], dtype=object), "None at index 1;"),
}


@pytest.mark.parametrize(("kind", "named"), WRONG.values(), ids=WRONG)
def test_an_unknown_kind_is_named_with_its_index_and_what_would_be_valid(kind, named):
    with pytest.raises(ValueError, match="unknown kind") as caught:
        conventions.sign(kind)
    assert str(caught.value) == f"unknown kind {named} valid: 'call', 'put', 'c', 'p', +1, -1"


def test_a_ragged_list_of_kinds_says_that_it_is_about_kinds():
    with pytest.raises(ValueError, match=r"kind is not an array of kinds: .*inhomogeneous"):
        conventions.sign([["c"], ["c", "p"]])


def test_a_model_has_one_set_of_conventions_whatever_its_name():
    assert conventions.model("merton") is conventions.model("black_scholes")
    assert conventions.model("black76").carry == "rate"


@pytest.mark.parametrize("name", ["Black_Scholes", "heston", "", None, 76, ["black76"]], ids=repr)
def test_an_unknown_model_is_told_the_valid_ones(name):
    with pytest.raises(ValueError, match="unknown model") as caught:
        conventions.model(name)
    said, valid = str(caught.value).split("; valid: ")
    assert said == f"unknown model {name!r}"
    assert {"black_scholes", "merton", "black76", "garman_kohlhagen"} <= set(valid.split(", "))


def test_nobody_can_change_the_operands_that_all_calls_share():
    for shared in (conventions.sign("call"), conventions.sign("put"), conventions.ZERO):
        with pytest.raises(ValueError, match="read-only"):
            shared[...] = 5.0
    with pytest.raises(TypeError):
        conventions.MODELS["black_scholes"] = None
