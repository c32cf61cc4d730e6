"""The models that users name, and what kernels get for them."""

import pytest

from quantforge import conventions


def test_a_model_has_one_set_of_conventions_whatever_its_name():
    assert conventions.model("merton") is conventions.model("black_scholes")
    assert conventions.model("black76").on_forward


@pytest.mark.parametrize("name", ["Black_Scholes", "heston", "", None, 76, ["black76"]], ids=repr)
def test_an_unknown_model_is_told_the_valid_ones(name):
    with pytest.raises(ValueError, match="unknown model") as caught:
        conventions.model(name)
    said, valid, *meant = str(caught.value).split("; ")
    assert said == f"unknown model {name!r}"
    valid = valid.removeprefix("valid: ").split(", ")
    assert {"black_scholes", "merton", "black76", "garman_kohlhagen"} <= set(valid)
    assert meant == (["did you mean 'black_scholes'?"] if name == "Black_Scholes" else [])


def test_nobody_can_change_what_all_calls_share():
    with pytest.raises(ValueError, match="read-only"):
        conventions.ZERO[...] = 5.0
    with pytest.raises(TypeError):
        conventions.MODELS["black_scholes"] = None
