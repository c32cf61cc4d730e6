"""Links between the pages lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("*/README.md"),
    *ROOT.glob("*/*/README.md"),
]
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)|(?:src|href)=\"(?!\w+:)([^\"#]+)")


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.S | re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.M)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page):
    for path, anchor, source in LINK.findall(page.read_text("utf-8")):
        target = page.parent / (path or source) if path or source else page
        assert target.exists(), f"{page.name} links to {path or source}"
        assert not anchor or anchor in anchors(target), f"{page.name} links to {path}#{anchor}"


def test_the_navigation_of_the_site_has_every_page_once():
    named = re.findall(r"^ +- [^:\n]+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M)
    pages = [str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md")]
    assert sorted(named) == sorted(pages)


def linked(page):
    """The files that a page links to."""
    paths = (path for path, _, _ in LINK.findall(page.read_text("utf-8")) if path)
    return {(page.parent / path).resolve() for path in paths}


def test_the_readme_reaches_the_first_page_and_that_every_guide():
    first = ROOT / "docs" / "index.md"
    assert first in linked(ROOT / "README.md")
    assert {*ROOT.glob("docs/*.md")} - {first} <= linked(first)
