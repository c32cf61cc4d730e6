"""The specification, every exact backend and every instruction set return the same bits.

Compared as integers, on whatever path a batch takes.
"""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from quantforge_conformance import operands
from quantforge_conformance.checks import unlike
from quantforge_conformance.standards import STANDARDS
from quantforge_conformance.subject import Kernel

from quantforge.operations import OPERATIONS
from quantforge.plugins import State, backends, registry
from quantforge.threads import budget

PRICE = STANDARDS["price"]
ISAS = ("avx512", "avx2", "baseline")
SIZES = (*range(1, 40), 127, 128, 129, 1_000, 4_095, 10_007, 65_537, 262_144, 1_000_000)


def exact_backends():
    found = registry()
    usable = [info.name for info in backends() if info.state is State.AVAILABLE]
    return [name for name in usable if found.exact(name, "price")]


def kernel_of(name):
    call = registry().kernel(name, "price")
    return Kernel(name, OPERATIONS["price"], PRICE, exact=True, call=call)


@pytest.fixture(params=exact_backends())
def kernel(request):
    return kernel_of(request.param)


@pytest.fixture(scope="module")
def first():
    """The backend that others are compared with; the specification is compared with each."""
    names = exact_backends()
    if not names:
        pytest.skip("no exact backend is installed")
    return kernel_of(names[0])


def silently(kernel, batch):
    with np.errstate(invalid="ignore"):
        return kernel(*batch)


# --- inputs ------------------------------------------------------------------------------------


def cross_product():
    """Every combination of special values, each operand along an axis of its own."""
    values = [np.array(PRICE.special[one.name]) for one in OPERATIONS["price"].inputs]
    return np.ix_(*values)


def from_cross_product(count):
    """That many combinations, drawn at random."""
    rng = np.random.default_rng(5)
    return [rng.choice(PRICE.special[one.name], count) for one in OPERATIONS["price"].inputs]


DRAWS = {
    "of every region": lambda kernel: operands.mixed(kernel, 5_000),
    "with special values": lambda kernel: operands.edged(kernel, 2_000),
    "of special values alone": lambda kernel: from_cross_product(3_000),
}


@pytest.fixture(scope="module")
def specified(first):
    """Options of each kind, and what the specification says of them."""
    made = {}
    for name, draw in DRAWS.items():
        batch = draw(first)
        lanes = zip(*map(np.ndarray.tolist, batch), strict=True)
        made[name] = batch, (np.array([PRICE.specification(*lane)[0] for lane in lanes]),)
    return made


# --- backends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", DRAWS)
def test_a_backend_has_the_bits_of_the_specification(kernel, specified, draw):
    batch, expected = specified[draw]
    assert not unlike(kernel, silently(kernel, batch), expected, batch)


def test_backends_agree_on_every_combination_of_special_values(kernel, first):
    spots, *others = cross_product()
    for spot in spots.ravel():
        batch = [spot, *others]
        assert not unlike(kernel, silently(kernel, batch), silently(first, batch), batch)


@pytest.mark.parametrize("draw", [operands.ordinary, operands.mixed, operands.edged])
def test_backends_agree_on_300_000_random_options(kernel, first, draw):
    batch = draw(kernel, 300_000, seed=11)
    assert not unlike(kernel, silently(kernel, batch), silently(first, batch), batch)


# --- paths -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def options(first):
    """A million options, of which every 9,973 are alike, and their prices one by one."""
    lanes = operands.mixed(first, 9_973, seed=3)
    alone = np.array([first(*lane)[0] for lane in zip(*lanes, strict=True)])
    return [np.resize(x, max(SIZES)) for x in lanes], np.resize(alone, max(SIZES))


def test_the_size_of_a_batch_changes_no_bit(kernel, options):
    batch, expected = options
    for size in SIZES:
        part = operands.at(batch, slice(size))
        assert not unlike(kernel, kernel(*part), (expected[:size],), part), size


def test_the_place_in_a_batch_changes_no_bit(kernel, options):
    batch, expected = options
    for start in range(0, 1_300, 13):
        part = operands.at(batch, slice(start, start + 1_000))
        assert not unlike(kernel, kernel(*part), (expected[start : start + 1_000],), part), start


def laid_out(array, offset, stride):
    """Return a copy that begins `offset` bytes past a multiple of 64 and steps by `stride`."""
    span = max(abs(stride) * array.size, 1) * 8
    store = np.empty(span + 192, np.uint8)
    begin = -store.ctypes.data % 64 + offset
    view = store[begin : begin + span].view(np.float64)[::stride]
    view[:] = array
    return view


@pytest.mark.parametrize("stride", [1, 2, 3, -1, -2])
@pytest.mark.parametrize("offset", [0, 1, 8, 24, 63])
def test_alignment_and_stride_change_no_bit(kernel, options, offset, stride):
    batch, expected = (operands.at(options[0], slice(1_003)), options[1][:1_003])
    given = [laid_out(x, offset, stride) for x in batch]
    out = laid_out(np.empty(1_003), offset, stride)
    kernel(*given, out=[out])
    assert not unlike(kernel, (out,), (expected,), batch)


def test_a_stride_of_0_changes_no_bit(kernel, options):
    batch = operands.at(options[0], slice(1_003))
    for place in range(len(batch)):
        full = list(batch)
        full[place] = np.full(1_003, batch[place][0])
        given = [*batch[:place], batch[place][0], *batch[place + 1 :]]
        assert not unlike(kernel, kernel(*given), kernel(*full), full), place


@pytest.mark.parametrize("count", [9, 1_003, 300_007])
def test_the_number_of_threads_changes_no_bit(kernel, options, count):
    batch, expected = operands.at(options[0], slice(count)), options[1][:count]
    for threads in {1, 2, 3, budget()}:
        prices = PRICE.public(batch, backend=kernel.backend, threads=threads)
        assert not unlike(kernel, (prices,), (expected,), batch), threads


@pytest.mark.parametrize("count", [1, 7, 1_003, 100_003])
def test_writing_over_an_input_changes_no_bit(kernel, options, count):
    batch, expected = operands.at(options[0], slice(count)), options[1][:count]
    for place in range(len(batch)):
        given = [x.copy() for x in batch]
        kernel(*given, out=[given[place]])
        assert not unlike(kernel, (given[place],), (expected,), batch), place


def test_auto_has_the_bits_of_every_backend(first, options):
    batch, expected = options
    prices = PRICE.public(operands.at(batch, slice(100_000)))
    assert not unlike(first, (prices,), (expected[:100_000],), batch)


# --- instruction sets --------------------------------------------------------------------------

PROBE = """
import contextlib, sys
import numpy as np
from quantforge.plugins import registry
from quantforge_conformance import floating_point as fp

name, inputs, outputs = sys.argv[1:]
kernel, batch = registry().kernel(name, "price"), np.load(inputs)
flush = fp.environment(fp.DEFAULT | fp.FLUSH_TO_ZERO | fp.DENORMALS_ARE_ZERO)
results = np.empty((2, batch.shape[1]))
with np.errstate(all="ignore"):
    kernel(*batch, results[0])
    with flush:
        kernel(*batch, results[1])
np.save(outputs, results)
print(registry().info(name).details["isa"])
"""


def probe(backend, isa, inputs, outputs):
    """Price with an instruction set in a process of its own; return why not, if it cannot."""
    command = [sys.executable, "-c", PROBE, backend, inputs, outputs]
    environment = os.environ | {"QUANTFORGE_ISA": isa}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    assert done.stdout.strip() == isa
    return None


def test_every_instruction_set_has_the_same_bits_also_under_flush_to_zero(
    first, tmp_path, quantforge_remark
):
    batch = [operands.mixed(first, 200_000), operands.edged(first, 50_000)]
    batch = np.concatenate([*map(np.stack, batch), from_cross_product(50_000)], axis=1)
    expected = silently(first, batch)
    np.save(tmp_path / "inputs.npy", batch)
    compared, skipped = [], []
    for backend, isa in itertools.product(exact_backends(), ISAS):
        outputs = tmp_path / f"{backend}-{isa}.npy"
        reason = probe(backend, isa, tmp_path / "inputs.npy", outputs)
        if reason is not None:
            skipped.append(f"{backend} {isa} ({reason})")
            continue
        compared.append(f"{backend} {isa}")
        plain, flushing = np.load(outputs)
        assert not unlike(first, (plain,), expected, batch), (backend, isa)
        assert not unlike(first, (flushing,), expected, batch), (backend, isa, "flush to zero")
    quantforge_remark(f"instruction sets with equal bits: {', '.join(compared)}")
    quantforge_remark(f"instruction sets not compared: {', '.join(skipped) or 'none'}")
    assert compared
