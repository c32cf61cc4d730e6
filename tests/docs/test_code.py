"""The code in the guides runs."""

import re
from pathlib import Path

import numpy as np
import pytest

from quantforge import price

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.S | re.M)
PAGES = ("docs/tools.md", "docs/dividends.md")


def names_after(page):
    """What the code of a page has defined, run from top to bottom."""
    blocks = BLOCK.findall((ROOT / page).read_text("utf-8"))
    assert blocks
    known = {}
    for place, block in enumerate(blocks):
        exec(compile(block, f"{page}, block {place + 1}", "exec"), known)
    return known


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page):
    assert names_after(page)


def test_the_recipe_for_straddles_finds_the_volatility_that_made_the_price():
    sigma = np.array([0.05, 0.2, 0.8])[:, None]
    option = 100.0, np.array([80.0, 100.0, 103.0, 130.0]), 0.5, 0.03
    straddle = sum(price(*option, sigma, dividend=0.01, kind=kind) for kind in ("call", "put"))
    found = names_after("docs/tools.md")["straddle_volatility"](straddle, *option, dividend=0.01)
    priced = straddle - np.abs(100.0 * np.exp(-0.005) - option[1] * np.exp(-0.015)) > 1e-6
    assert priced.sum() == 10
    np.testing.assert_allclose(found[priced], np.broadcast_to(sigma, (3, 4))[priced], rtol=1e-9)
