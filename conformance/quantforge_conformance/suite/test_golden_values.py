"""Results keep the accuracy contract against 50-digit values in every region of option space."""

from quantforge_conformance.accuracy import Measured

POINTS = 50


def test_results_keep_the_accuracy_contract(kernel, region, quantforge_remark):
    operands = region.sample(POINTS)
    results = kernel(*operands)
    measured = Measured(kernel.standard, operands)
    for place, output in enumerate(kernel.operation.outputs):
        found = []
        for bound in kernel.standard.bounds[output.name]:
            miss, lane = measured.worst(place, bound, results[place])
            found.append(f"{miss:.2f} {bound.name}")
            assert miss <= bound.limit * kernel.slack, (found[-1], lane)
        quantforge_remark(f"{output.name}  {region.name:<28} at most {', '.join(found)}")
