"""What the conformance suite, which runs beside this, does not ask for."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import quantforge

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture
def described():
    """What QuantForge has found of this backend."""
    [found] = [each for each in quantforge.backends() if each.name == "NAME"]
    return found


def test_a_call_at_the_money_has_its_price():
    price = quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2, backend="NAME")
    assert price == pytest.approx(10.450583572185565667, rel=1e-13)  # by mpmath


def test_the_version_is_that_of_the_distribution(described):
    assert described.version == version("quantforge-NAME")


def test_the_readme_says_which_operations_are_here(described):
    here = re.findall(r"^\| `(\w+)` \|.*\| yes \|$", README.read_text("utf-8"), re.MULTILINE)
    assert here == list(described.operations)


def test_an_operation_that_is_not_here_is_refused_by_name():
    with pytest.raises(quantforge.BackendError, match="NAME.*bachelier"):
        quantforge.price(100.0, 100.0, 1.0, 0.05, 20.0, model="bachelier", backend="NAME")
