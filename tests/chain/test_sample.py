"""The sample chain that ships is what its generator makes, and has what real chains have."""

import subprocess
import sys

import numpy as np
import pytest

from quantforge.chain import SAMPLE, Reason, fit, price, read, sample


@pytest.fixture(scope="module")
def priced():
    return price(read(SAMPLE))


def test_the_generator_gives_the_shipped_file_byte_for_byte(tmp_path):
    path = tmp_path / "again.csv"
    command = [sys.executable, "-W", "error", "-m", "quantforge.chain.sample", str(path)]
    subprocess.run(command, check=True)
    assert path.read_bytes() == SAMPLE.read_bytes()


def test_it_has_every_reason_for_which_an_option_may_go_unpriced_but_a_missing_forward(priced):
    found = {Reason(code) for code in np.unique(priced.reason).tolist()}
    assert found == set(Reason) - {Reason.NO_FORWARD, Reason.REFUSED}
    assert {"SPX", "SPXW"} == set(priced.quotes.root)
    assert "," in priced.quotes.name


def test_its_forwards_and_rates_are_found_again():
    parity = fit(read(SAMPLE))
    for time, forward, rate in zip(
        parity.expiries.time[1:], parity.forward[1:], parity.rate[1:], strict=True
    ):
        assert forward == pytest.approx(sample.forward(time), rel=2e-4)
        assert rate == pytest.approx(sample.rate(time), abs=0.005)


def test_nearly_all_of_its_prices_lie_inside_the_quotes_and_stale_ones_do_not(priced):
    assert 0.93 < priced.inside_share < 1.0
