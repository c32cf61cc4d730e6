"""Links in the API reference: docstrings name pages by their paths, and functions by their names.

mkdocs calls `on_page_content` for every page; mkdocs-autorefs makes links of what it knows.
"""

import re

PAGE = re.compile(r"docs/(\w+)\.md")
NAME = re.compile(r"<code>(quantforge(?:\.\w+)+)</code>")


def on_page_content(html, page, **_):
    if not page.url.startswith("reference/"):
        return html
    html = PAGE.sub(r'<a href="../\1.html">\g<0></a>', html)
    return NAME.sub(r'<autoref identifier="\1" optional>\g<0></autoref>', html)
