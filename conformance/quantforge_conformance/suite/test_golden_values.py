"""Results keep the accuracy contract against 50-digit values in every region of option space."""

import numpy as np
from mpmath import mpf

POINTS = 100


def test_results_keep_the_accuracy_contract(kernel, region, quantforge_remark):
    operands = region.sample(POINTS)
    results = kernel(*operands)
    lanes = list(zip(*map(np.ndarray.tolist, operands), strict=True))
    exact = [kernel.standard.golden(*lane) for lane in lanes]
    for place, output in enumerate(kernel.operation.outputs):
        found = []
        for bound in kernel.standard.bounds[output.name]:
            misses = [
                abs(mpf(float(got)) - values[place]) / bound.unit(lane, values[place])
                for lane, values, got in zip(lanes, exact, results[place], strict=True)
            ]
            worst = int(np.argmax(misses))
            found.append(f"{float(misses[worst]):.2f} {bound.name}")
            assert misses[worst] <= bound.limit * kernel.slack, (found[-1], lanes[worst])
        quantforge_remark(f"{output.name}, {region.name}: at most {', '.join(found)}")
