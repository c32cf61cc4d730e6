"""Whose measurements hold for whom."""

from quantforge.profile.machine import Machine


def test_a_machine_serves_itself_and_smaller_budgets_only():
    four = Machine("cpu", "isa", 4)
    assert four.serves(four)
    assert four.serves(Machine("cpu", "isa", 2))
    assert not four.serves(Machine("cpu", "isa", 8))
    assert not four.serves(Machine("cpu", "other", 4))
