"""The code in the guides runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.S | re.M)
PAGES = ("docs/tools.md", "docs/dividends.md")


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs_from_top_to_bottom(page):
    blocks = BLOCK.findall((ROOT / page).read_text("utf-8"))
    assert blocks
    known = {}
    for place, block in enumerate(blocks):
        exec(compile(block, f"{page}, block {place + 1}", "exec"), known)
