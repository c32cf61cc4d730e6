"""How users say when an option may be exercised."""

import numpy as np
import pandas
import pytest

from quantforge import exercises

WANTED = [1.0, 0.0, 0.0, 1.0]
MANY = {
    "list": ["american", "European", "EUROPEAN", "American"],
    "words": np.array(["american", "European", "EUROPEAN", "American"]),
    "bytes": np.array([b"american", b"European", b"EUROPEAN", b"American"]),
    "objects": np.array(["american", "European", b"european", "American"], dtype=object),
    "words with blanks behind": ["american ", "european  ", "european", "american"],
    "categories": pandas.Categorical(["american", "european", "european", "american"]),
}


@pytest.mark.parametrize("many", MANY.values(), ids=MANY)
def test_an_array_says_it_for_each_option(many):
    assert exercises.flags(many).tolist() == WANTED


def test_any_number_of_axes_is_kept():
    assert exercises.flags([["american"], ["european"]]).tolist() == [[1.0], [0.0]]
    assert exercises.flags(np.array("american")).shape == ()
    assert exercises.flags([]).shape == (0,)


@pytest.mark.parametrize(
    ("said", "word"),
    [("european", "european"), ("American ", "american"), (np.str_("AMERICAN"), "american")],
)
def test_a_word_may_be_in_any_case(said, word):
    assert exercises.word(said) == word


WRONG = {
    "a word": (["american", "bermudan"], "'bermudan' at index 1;"),
    "a number": (["american", 1.0], "1.0 at index 1;"),
    "nothing": (["american", None], "None at index 1;"),
    "on two axes": ([["american"], ["x"]], "'x' at index 1, 0;"),
}


@pytest.mark.parametrize(("many", "named"), WRONG.values(), ids=WRONG)
def test_an_unknown_exercise_is_named_with_its_index_and_what_would_be_valid(many, named):
    with pytest.raises(ValueError, match="unknown exercise") as caught:
        exercises.flags(many)
    assert str(caught.value) == f"unknown exercise {named} valid: 'european', 'american'"


def test_a_ragged_list_says_that_it_is_about_exercises():
    with pytest.raises(ValueError, match=r"unknown exercise \['american'\] at index 0;"):
        exercises.flags([["american"], ["american", "european"]])
    with pytest.raises(ValueError, match="exercise is not an array of exercises: could not"):
        exercises.flags([np.full((2, 1), "american"), np.full((2, 2), "american")])


def test_where_nulls_are_allowed_they_are_no_exercise():
    nulls = ["american", None, np.nan, pandas.NA, "european"]
    np.testing.assert_array_equal(
        exercises.flags(nulls, nulls=True), [1.0, np.nan, np.nan, np.nan, 0.0]
    )


def test_nobody_can_change_the_operands_that_all_calls_share():
    for style in exercises.STYLES.values():
        with pytest.raises(ValueError, match="read-only"):
            style[...] = 5.0
