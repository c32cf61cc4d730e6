"""Batches of options to try a kernel on. Prices among the operands are approximate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantforge_conformance.subject import Kernel

Array = NDArray[np.float64]
Batch = list[Array]


def ordinary(kernel: Kernel, count: int, seed: int = 0) -> Batch:
    """Return options as they are quoted: every operand finite, no result NaN."""
    return [np.ascontiguousarray(x) for x in kernel.oracle.regions[0].quick(count, seed)]


def mixed(kernel: Kernel, count: int, seed: int = 0) -> Batch:
    """Return options of every region, shuffled, so that unlike ones meet in every block."""
    regions = kernel.oracle.regions
    parts = [region.quick(-(-count // len(regions)), seed) for region in regions]
    order = np.random.default_rng(seed).permutation(len(parts) * len(parts[0][0]))[:count]
    return [np.concatenate(columns)[order] for columns in zip(*parts, strict=True)]


def edged(kernel: Kernel, count: int, seed: int = 0) -> Batch:
    """Return ordinary options of which every fourth operand has a special value."""
    rng = np.random.default_rng([seed, 1])
    batch = ordinary(kernel, count, seed)
    for operand, array in zip(kernel.operation.inputs, batch, strict=True):
        chosen = rng.random(count) < 0.25
        array[chosen] = rng.choice(kernel.oracle.special[operand.name], chosen.sum())
    return batch


def at(batch: Batch, index: Any) -> Batch:
    """Return the same selection of every operand."""
    return [array[index] for array in batch]
