"""Results keep the accuracy contract on every option that some kernel once found hard."""

import numpy as np

from quantforge_conformance.accuracy import Measured
from quantforge_conformance.checks import beyond, expect_none


def test_a_worst_case_keeps_the_accuracy_contract(kernel, worst_case):
    operands = [np.array([x]) for x in worst_case.lane]
    results = kernel(*operands)
    measured = Measured(kernel.oracle, operands)
    broken: list[str] = []
    for place, output in enumerate(kernel.operation.outputs):
        for bound in kernel.oracle.bounds[output.name]:
            misses = measured.misses(place, bound, results[place])
            broken += beyond(kernel, measured, place, bound, results[place], misses)
    expect_none(broken, worst_case.remark)
