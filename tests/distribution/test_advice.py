"""What messages and pages tell the reader to install."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("*.md", "docs/*.md", "bench/*.md", "backends/*/*.md", "conformance/*.md")
CODE = ("dev", "*.toml", "*.txt", "quantforge/**/*.py", "backends/*/*.toml", "conformance/**/*.py")
OTHER = re.compile(
    r"""quantforge\[|\binstall\b[^\n&]*[\s'"]quantforge(?=['"\s`]|$)""", re.MULTILINE
)


@pytest.mark.parametrize("pattern", [*PAGES, *CODE])
def test_nobody_is_told_to_install_the_other_quantforge(pattern):
    texts = {file: file.read_text() for file in ROOT.glob(pattern)}
    assert texts
    assert [
        (file.name, told[0]) for file, text in texts.items() for told in OTHER.finditer(text)
    ] == []


def test_the_advice_that_was_wrong_would_be_seen():
    for advice in ("pip install 'quantforge[cli]'", "pip install -U quantforge", "quantforge[c]"):
        assert OTHER.search(advice)
    assert not OTHER.search(
        "pip uninstall quantforge && pip install --force-reinstall quantforge-core"
    )
