"""What a conformance suite is given: the catalogue, and kernels without dispatch."""

import pytest

import quantforge
from quantforge import testing

OPTION = (100.0, 105.0, 0.5, 0.03, 0.0, 0.2)
ENTRIES = [testing.kernel, testing.scalar, testing.tier]


def test_a_kernel_takes_operands_in_the_order_of_the_catalogue():
    expected = quantforge.price(100.0, 105.0, 0.5, 0.03, 0.2, kind="put", backend="numpy")
    assert testing.kernel("numpy", "price")(*OPTION, -1.0) == expected


def test_a_kernel_writes_the_outputs_it_is_asked_for_in_the_order_of_the_catalogue():
    every = testing.kernel("numpy", "greeks")(*OPTION, 1.0)
    names = [output.name for output in testing.operations()["greeks"].outputs]
    by_name = dict(zip(names, every, strict=True))
    some = testing.kernel("numpy", "greeks", ["vega", "delta"])(*OPTION, 1.0)
    assert some == (by_name["delta"], by_name["vega"])


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_unknown_backend_is_refused_with_the_names_of_those_there_are(entry):
    with pytest.raises(ValueError, match=r"unknown backend 'nobody'; installed: .*numpy"):
        entry("nobody", "price")


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_unknown_operation_is_refused_with_the_names_of_those_there_are(entry):
    with pytest.raises(ValueError, match="unknown operation 'telepathy'; valid: price, greeks"):
        entry("numpy", "telepathy")


@pytest.mark.parametrize("entry", [testing.kernel, testing.scalar])
def test_an_unknown_output_is_refused_with_the_names_of_those_there_are(entry):
    with pytest.raises(ValueError, match="unknown output 'mood' of greeks; valid: price, delta"):
        entry("numpy", "greeks", ["mood"])


def test_the_fallback_is_not_exact():
    assert testing.tier("numpy", "price") == "contract"


def test_a_backend_is_exact_where_it_follows_this_cores_numerics(install, describe):
    numerics = {name: one.numerics for name, one in testing.operations().items()}
    install(
        right=describe("right", exact=True, numerics={"price": numerics["price"]}),
        older=describe("older", exact=True, numerics={"price": numerics["price"] - 1}),
    )
    assert testing.tier("right", "price") == "exact"
    assert testing.tier("right", "greeks") == "contract"
    assert testing.tier("older", "price") == "contract"


def test_every_installed_backend_is_listed_with_its_module():
    modules = testing.plugins()
    assert modules["numpy"] == "quantforge.numpy_backend"
    assert set(modules) == {info.name for info in quantforge.backends()}
