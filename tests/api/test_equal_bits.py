"""The specification, every exact backend and every instruction set return the same bits.

Compared as integers, on whatever path a batch takes.
"""

import functools
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from quantforge_conformance import operands
from quantforge_conformance.checks import unlike
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.subject import Kernel

from quantforge.dispatch import forced_threads
from quantforge.operations import OPERATIONS
from quantforge.plugins import State, backends, registry
from quantforge.threads import budget

ISAS = ("avx512", "avx2", "baseline")
SIZES = (*range(1, 40), 127, 128, 129, 1_000, 4_095, 10_007, 65_537, 262_144, 1_000_000)
LARGEST = {"price": 1_000_000}  # of other operations, smaller batches take every path too
LARGE = 70_000


def exact_backends(operation):
    found = registry()
    usable = [info for info in backends() if info.state is State.AVAILABLE]
    names = [info.name for info in usable if operation in info.operations]
    return [name for name in names if found.exact(name, operation)]


@functools.cache
def kernel_of(name, operation):
    return Kernel.load(name, operation)


EXACT = [(name, operation) for operation in OPERATIONS for name in exact_backends(operation)]


@pytest.fixture(params=EXACT, ids="-".join)
def kernel(request):
    return kernel_of(*request.param)


def first(kernel):
    """The backend that others are compared with; the specification is compared with each."""
    return kernel_of(exact_backends(kernel.name)[0], kernel.name)


def silently(kernel, batch):
    with np.errstate(invalid="ignore"):
        return kernel(*batch)


# --- inputs ------------------------------------------------------------------------------------


def special(operation):
    return [ORACLES[operation].special[one.name] for one in OPERATIONS[operation].inputs]


def from_cross_product(operation, count):
    """That many combinations of special values, drawn at random."""
    rng = np.random.default_rng(5)
    return [rng.choice(values, count) for values in special(operation)]


DRAWS = {
    "of every region": lambda kernel: operands.mixed(kernel, few(kernel, 3_000)),
    "with special values": lambda kernel: operands.edged(kernel, few(kernel, 2_000)),
    "of special values alone": lambda kernel: from_cross_product(kernel.name, few(kernel, 3_000)),
}


def few(kernel, count):
    return int(count * kernel.oracle.share)


@functools.cache
def specified(operation, draw):
    """Options of a kind, and what the specification says of them."""
    kernel = kernel_of(exact_backends(operation)[0], operation)
    batch = DRAWS[draw](kernel)
    lanes = zip(*map(np.ndarray.tolist, batch), strict=True)
    columns = zip(*(kernel.oracle.specification(*lane) for lane in lanes), strict=True)
    outputs = kernel.operation.outputs
    return batch, [np.array(x, one.type) for x, one in zip(columns, outputs, strict=True)]


# --- backends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", DRAWS)
def test_a_backend_has_the_bits_of_the_specification(kernel, draw):
    batch, expected = specified(kernel.name, draw)
    assert not unlike(kernel, silently(kernel, batch), expected, batch)


@pytest.mark.parametrize("name", exact_backends("price"))
def test_backends_agree_on_every_combination_of_special_values(name):
    kernel = kernel_of(name, "price")
    spots, *others = np.ix_(*map(np.array, special("price")))
    for spot in spots.ravel():
        batch = [spot, *others]
        assert not unlike(kernel, silently(kernel, batch), silently(first(kernel), batch), batch)


def from_special(kernel, count, seed):
    return from_cross_product(kernel.name, count)


@pytest.mark.parametrize("draw", [operands.ordinary, operands.mixed, operands.edged, from_special])
def test_backends_agree_on_many_random_options(kernel, draw):
    batch = draw(kernel, few(kernel, 300_000), seed=11)
    assert not unlike(kernel, silently(kernel, batch), silently(first(kernel), batch), batch)


# --- paths -------------------------------------------------------------------------------------


@functools.cache
def options(operation):
    """Many options, of which every 9,973 are alike, and their results one by one."""
    count = LARGEST.get(operation, LARGE)
    kernel = kernel_of(exact_backends(operation)[0], operation)
    lanes = operands.mixed(kernel, 9_973, seed=3)
    alone = zip(*(kernel(*lane) for lane in zip(*lanes, strict=True)), strict=True)
    return [np.resize(x, count) for x in lanes], [np.resize(np.array(x), count) for x in alone]


def some(kernel, which):
    """Return a selection of the options, and of their results."""
    batch, expected = options(kernel.name)
    return operands.at(batch, which), operands.at(expected, which)


def test_the_size_of_a_batch_changes_no_bit(kernel):
    for size in SIZES:
        if size <= LARGEST.get(kernel.name, LARGE):
            part, expected = some(kernel, slice(size))
            assert not unlike(kernel, kernel(*part), expected, part), size


def test_the_place_in_a_batch_changes_no_bit(kernel):
    for start in range(0, 1_300, 13):
        part, expected = some(kernel, slice(start, start + 1_000))
        assert not unlike(kernel, kernel(*part), expected, part), start


def laid_out(array, offset, stride):
    """Return a copy that begins `offset` bytes past a multiple of 64 and steps by `stride`."""
    span = max(abs(stride) * array.size, 1) * array.itemsize
    store = np.empty(span + 192, np.uint8)
    begin = -store.ctypes.data % 64 + offset
    view = store[begin : begin + span].view(array.dtype)[::stride]
    view[:] = array
    return view


@pytest.mark.parametrize("stride", [1, 2, 3, -1, -2])
@pytest.mark.parametrize("offset", [0, 1, 8, 24, 63])
def test_alignment_and_stride_change_no_bit(kernel, offset, stride):
    batch, expected = some(kernel, slice(1_003))
    given = [laid_out(x, offset, stride) for x in batch]
    out = [laid_out(x, offset, stride) for x in kernel.outputs(1_003)]
    kernel(*given, out=out)
    assert not unlike(kernel, out, expected, batch)


def test_a_stride_of_0_changes_no_bit(kernel):
    batch, _ = some(kernel, slice(1_003))
    for place in range(len(batch)):
        full = list(batch)
        full[place] = np.full(1_003, batch[place][0])
        given = [*batch[:place], batch[place][0], *batch[place + 1 :]]
        assert not unlike(kernel, silently(kernel, given), silently(kernel, full), full), place


@pytest.mark.parametrize("count", [9, 1_003, 65_003])
def test_the_number_of_threads_changes_no_bit(kernel, count):
    batch, expected = some(kernel, slice(count))
    for threads in {1, 2, 3, budget()}:
        with forced_threads():
            results = kernel.public(batch, threads=threads)
        assert not unlike(kernel, results, expected, batch), threads


@pytest.mark.parametrize("count", [1, 7, 1_003, 65_003])
def test_writing_over_an_input_changes_no_bit(kernel, count):
    batch, expected = some(kernel, slice(count))
    for place in range(len(batch)):
        given = [x.copy() for x in batch]
        out = list(kernel.outputs(count))
        out[0] = given[place]
        kernel(*given, out=out)
        assert not unlike(kernel, out, expected, batch), place


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if exact_backends(one)])
def test_auto_has_the_bits_of_every_backend(operation):
    kernel = kernel_of(exact_backends(operation)[0], operation)
    batch, expected = some(kernel, slice(65_003))
    given = kernel.oracle.public(batch)
    results = given if isinstance(given, tuple) else (given,)
    assert not unlike(kernel, results, expected, batch)


# --- instruction sets --------------------------------------------------------------------------

PROBE = """
import sys
import numpy as np
from quantforge.dispatch import forced_threads
from quantforge.operations import OPERATIONS
from quantforge.plugins import registry
from quantforge_conformance import floating_point as fp

name, folder, *operations = sys.argv[1:]
flushing = fp.DEFAULT | fp.FLUSH_TO_ZERO | fp.DENORMALS_ARE_ZERO
for operation in operations:
    kernel, batch = registry().kernel(name, operation), np.load(f"{folder}/{operation}.npy")
    for kind in ("plain", "flushing"):
        results = [np.empty(batch.shape[1], one.type) for one in OPERATIONS[operation].outputs]
        with np.errstate(all="ignore"):
            if kind == "plain":
                kernel(*batch, *results)
            else:
                with fp.environment(flushing):
                    kernel(*batch, *results)
        np.savez(f"{folder}/{operation}-{kind}.npz", *results)
print(registry().info(name).details["isa"])
"""


def probe(backend, isa, folder, operations):
    """Compute with an instruction set in a process of its own; return why not, if it cannot."""
    command = [sys.executable, "-c", PROBE, backend, folder, *operations]
    environment = os.environ | {"QUANTFORGE_ISA": isa}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    assert done.stdout.strip() == isa
    return None


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Inputs of every operation as files, and what the first backend makes of them."""
    folder, found = tmp_path_factory.mktemp("inputs"), {}
    for operation in OPERATIONS:
        if not exact_backends(operation):
            continue
        kernel = kernel_of(exact_backends(operation)[0], operation)
        many, less = few(kernel, 100_000), few(kernel, 30_000)
        parts = [operands.mixed(kernel, many), operands.edged(kernel, less)]
        parts = [*map(np.stack, parts), from_cross_product(operation, less)]
        batch = np.concatenate(parts, axis=1)
        np.save(folder / f"{operation}.npy", batch)
        found[operation] = kernel, batch, silently(kernel, batch)
    return folder, found


@pytest.mark.parametrize("backend", sorted({name for name, _ in EXACT}))
def test_every_instruction_set_has_the_same_bits_also_under_flush_to_zero(
    backend, computed, quantforge_remark
):
    folder, found = computed
    operations = [one for name, one in EXACT if name == backend]
    compared, skipped = [], []
    for isa in ISAS:
        reason = probe(backend, isa, folder, operations)
        if reason is not None:
            skipped.append(f"{isa} ({reason})")
            continue
        compared.append(isa)
        for operation, kind in itertools.product(operations, ("plain", "flushing")):
            kernel, batch, expected = found[operation]
            with np.load(folder / f"{operation}-{kind}.npz") as stored:
                results = [stored[name] for name in stored.files]
            assert not unlike(kernel, results, expected, batch), (operation, isa, kind)
    quantforge_remark(
        f"{backend}, {', '.join(operations)}: equal bits with {', '.join(compared)}; "
        f"not compared: {', '.join(skipped) or 'none'}"
    )
    assert compared
