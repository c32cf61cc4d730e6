"""Results keep the accuracy contract against 40-digit values in every region of option space."""

from quantforge_conformance.accuracy import Measured
from quantforge_conformance.checks import beyond, expect_none


def test_results_keep_the_accuracy_contract(kernel, region, quantforge_report, quantforge_remark):
    operands = region.sample(kernel.oracle.points)
    results = kernel(*operands)
    measured = Measured(kernel.oracle, operands)
    found: dict[str, list[str]] = {}
    wrong: list[str] = []
    for place, output in enumerate(kernel.operation.outputs):
        for bound in kernel.oracle.bounds[output.name]:
            misses = measured.misses(place, bound, results[place])
            allowed = bound.tolerance * kernel.slack
            given = output.name, bound.name, allowed, misses
            quantforge_report.add(kernel.name, region.name, *given)
            found.setdefault(bound.name, []).append(f"{output.name} {max(misses):.2f}")
            wrong += beyond(kernel, measured, place, bound, results[place], misses)
    for unit, worst in found.items():
        quantforge_remark(f"{kernel.name}, {region.name}: at most, in {unit}: {', '.join(worst)}")
    expect_none(wrong)
