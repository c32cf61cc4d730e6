"""A kernel reads its operands and writes its results, and touches nothing beyond their ends."""

from quantforge_conformance import isolated


def test_nothing_is_touched_beyond_the_ends_of_operands_and_results(kernel):
    isolated.run("guarded", kernel)
