"""Kernels travel to other processes by name."""

import pickle
import warnings

import numpy as np
import pytest

from quantforge_conformance import isolated, operands
from quantforge_conformance.checks import expect_none, unlike


def test_a_ufunc_pickles_and_computes_the_same_in_another_process(kernel):
    if not isinstance(kernel.call, np.ufunc):
        pytest.skip(f"{kernel.backend} gives a plain callable; `quantforge.bind` pickles")
    batch = operands.mixed(kernel, 1_000)
    with warnings.catch_warnings(action="ignore"):  # pickle asks every module for the name
        given = pickle.dumps((kernel.call, batch))
    assert pickle.loads(given)[0] is kernel.call
    sent_back = pickle.loads(isolated.run("pickled", kernel, given))
    results = sent_back if isinstance(sent_back, tuple) else (sent_back,)
    expect_none(unlike(kernel, results, kernel(*batch), batch))
