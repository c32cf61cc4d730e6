"""How users say which option and which model they mean."""

import numpy as np
import pytest

from quantforge import kinds

WORDS = {"call": 1.0, "CALL": 1.0, "c": 1.0, "C": 1.0, "put": -1.0, "Put": -1.0, "p": -1.0}
NUMBERS = [1, -1, 1.0, -1.0, np.int8(-1), np.uint8(1), np.float32(-1), np.longdouble(1)]


@pytest.mark.parametrize(("word", "sign"), WORDS.items())
def test_a_word_says_call_or_put_in_any_case(word, sign):
    for kind in (word, np.str_(word), word.encode(), np.array(word)):
        assert kinds.sign(kind) == sign


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_a_number_is_the_sign_itself(number):
    assert kinds.sign(number) == float(number)


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
    "bools": np.array([True, False, False, True]),
    "words and bools": ["call", False, "p", True],
    "words with blanks behind": ["call ", "put  ", "p ", "C"],
    "texts with blanks behind": np.array(["call ", "put  ", "p ", "C"]),
    "long texts": np.array(["call", "PUT", "p", "C"], dtype="U12"),
    "strided": np.array(["call", "x", "put", "x", "p", "x", "c", "x"])[::2],
}


@pytest.mark.parametrize("many", MANY.values(), ids=MANY)
def test_an_array_says_it_for_each_option(many):
    signs = kinds.sign(many)
    assert signs.dtype == np.float64
    assert signs.tolist() == WANTED


def test_any_number_of_axes_is_kept():
    assert kinds.sign([["c", "p"], ["p", "p"]]).tolist() == [[1, -1], [-1, -1]]
    assert kinds.sign([]).shape == (0,)
    assert kinds.sign(np.empty((0, 3), "U4")).shape == (0, 3)


WRONG = {
    "a word": ("straddle", "'straddle';"),
    "nothing": ("", "'';"),
    "None": (None, "None;"),
    "a number": (2, "2;"),
    "zero": (0, "0;"),
    "a word in a list": (["call", "x"], "'x' at index 1;"),
    "a number in a list of words": (["call", "put", 2], "2 at index 2;"),
    "a number as a word": (["1", "-1"], "'1' at index 0;"),
    "a word that goes on": (np.array(["call", "callx"]), "'callx' at index 1;"),
    "a word of other letters": (np.array(["put", "\u0163all"]), "'\u0163all' at index 1;"),
    "a word on two axes": ([["c", "p"], ["p", "q"]], "'q' at index 1, 1;"),
    "the first of several": ([["c", "y"], ["x", "p"]], "'y' at index 0, 1;"),
    "an int": (np.array([1, -1, 0]), "0 at index 2;"),
    "the least int8": (np.array([-1, -128], dtype=np.int8), "-128 at index 1;"),
    "a NaN": (np.array([1.0, np.nan]), "nan at index 1;"),
    "complex numbers": (np.array([1 + 0j, -1]), r"(1+0j) at index 0;"),
    "an object": (np.array(["c", None], dtype=object), "None at index 1;"),
}


@pytest.mark.parametrize(("kind", "named"), WRONG.values(), ids=WRONG)
def test_an_unknown_kind_is_named_with_its_index_and_what_would_be_valid(kind, named):
    with pytest.raises(ValueError, match="unknown kind") as caught:
        kinds.sign(kind)
    assert (
        str(caught.value)
        == f"unknown kind {named} valid: 'call', 'put', 'c', 'p', +1, -1, True for a call"
    )


def test_a_ragged_list_of_kinds_says_that_it_is_about_kinds():
    with pytest.raises(ValueError, match=r"kind is not an array of kinds: .*inhomogeneous"):
        kinds.sign([["c"], ["c", "p"]])


def test_nobody_can_change_the_operands_that_all_calls_share():
    for shared in (kinds.sign("call"), kinds.sign("put")):
        with pytest.raises(ValueError, match="read-only"):
            shared[...] = 5.0


def sentence(words, count, dtype):
    """Draw so many of some words."""
    return np.array(np.random.default_rng(20231).choice(words, count), dtype=dtype)


LONG = [("U", 300), ("S", 300), ("O", 300), ("U9", 9_001), ("O", 20_000)]


@pytest.mark.parametrize(("dtype", "count"), LONG)
def test_a_long_column_of_words_is_read_as_each_word_alone(dtype, count):
    column = sentence(["call", "CALL", "Put", "put", "p", "C", "c", "P"], count, dtype)
    alone = {word: float(kinds.sign(word)) for word in set(column.tolist())}
    assert kinds.sign(column).tolist() == [alone[word] for word in column.tolist()]


@pytest.mark.parametrize(("dtype", "count"), LONG)
@pytest.mark.parametrize("wrong", ["cal", "x", "", "puts", "\u0441all"])
def test_one_wrong_word_in_a_long_column_is_found(dtype, count, wrong):
    column = sentence(["call", "put"], count, dtype if dtype != "U" else "U6")
    if dtype == "S":
        wrong = wrong.encode("utf-8")
    column[count - 7] = wrong
    with pytest.raises(ValueError, match=f"at index {count - 7};"):
        kinds.sign(column)


def test_a_column_of_one_object_again_and_again_is_read_by_its_value():
    column = np.array(["c", "put"], dtype=object)[np.arange(1_000) % 2]
    assert kinds.sign(column).tolist() == [1.0, -1.0] * 500


NUMBERS_THAT_ARE_NO_SIGNS = [[1.0, 0.5], [2.0, 0.0], [1.0, -1.0, np.inf], [0.0] * 9_000, [1.5, 0.5]]


@pytest.mark.parametrize("numbers", NUMBERS_THAT_ARE_NO_SIGNS, ids=lambda n: repr(n[:3]))
def test_no_other_number_passes_for_a_sign(numbers):
    with pytest.raises(ValueError, match="unknown kind"):
        kinds.sign(np.array(numbers))


def test_numbers_whose_squares_add_up_as_those_of_signs_make_nan_and_a_signal():
    import quantforge

    odd = np.array([0.0, 0.0, 0.0, 2.0])
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        quantforge.price(np.full(4, 100.0), 100.0, 1.0, 0.05, 0.2, kind=odd)
    with np.errstate(invalid="ignore"):
        assert np.isnan(quantforge.price(np.full(4, 100.0), 100.0, 1.0, 0.05, 0.2, kind=odd)).all()
