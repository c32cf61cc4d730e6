"""Results keep the accuracy contract on every option that some kernel once found hard."""

import numpy as np

from quantforge_conformance.accuracy import Measured


def test_a_worst_case_keeps_the_accuracy_contract(kernel, worst_case):
    operands = [np.array([x]) for x in worst_case.lane]
    results = kernel(*operands)
    measured = Measured(kernel.oracle, operands)
    broken = []
    for place, output in enumerate(kernel.operation.outputs):
        for bound in kernel.oracle.bounds[output.name]:
            miss, _ = measured.worst(place, bound, results[place])
            if miss > bound.tolerance * kernel.slack:
                broken.append(f"{output.name}: {miss:.2f} {bound.name}, at most {bound.tolerance}")
    assert not broken, (worst_case.remark, worst_case.lane)
