"""The backend passes QuantForge's conformance suite, and leaves arrays of JAX where they are."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

import quantforge
from quantforge import testing


def test_the_conformance_suite_passes():
    suite = ["--pyargs", "quantforge_conformance", "--backend", "jax", "--quick"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suite]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_arrays_of_jax_give_arrays_of_jax_in_double_precision(kind):
    spots = np.linspace(80.0, 120.0, 5, dtype=kind)
    with jax.enable_x64(kind is np.float64):
        given = jax.numpy.asarray(spots)
    got = quantforge.price(given, 95.0, 0.5, 0.03, 0.2, backend="jax")
    assert isinstance(got, jax.Array)
    expected = testing.kernel("jax", "price")(spots, 95.0, 0.5, 0.03, 0.0, 0.2, 1.0)
    np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-14)


def test_the_backend_leaves_the_precision_of_jax_as_it_is():
    quantforge.price(100.0, 95.0, 0.5, 0.03, 0.2, backend="jax")
    assert not jax.config.jax_enable_x64
    assert jax.numpy.asarray(1.0).dtype == np.float32


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_is_told_instead_of_hanging():
    quantforge.price(100.0, 95.0, 0.5, 0.03, 0.2, backend="jax")
    child = os.fork()
    if child == 0:
        try:
            quantforge.price(100.0, 95.0, 0.5, 0.03, 0.2, backend="jax")
        except quantforge.BackendError as error:
            os._exit("by 'spawn'" not in str(error))
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
