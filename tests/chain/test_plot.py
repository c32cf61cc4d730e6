"""The picture is drawn whatever is in the chain."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from quantforge.chain import SAMPLE, draw, price_chain, read_chain, write_plot


@pytest.fixture(scope="module")
def priced():
    return price_chain(read_chain(SAMPLE))


def test_a_png_is_written_whole(priced, tmp_path):
    write_plot(priced, tmp_path / "model.png")
    raw = (tmp_path / "model.png").read_bytes()
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    assert raw.endswith(b"IEND\xaeB`\x82")
    assert [each.name for each in tmp_path.iterdir()] == ["model.png"]


def test_it_tells_the_share_and_shows_quotes_and_model_of_up_to_six_expiries(priced):
    figure = draw(priced)
    texts = [text.get_text() for text in figure.texts]
    assert f"{priced.inside_share:.1%}" in texts
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert sum(" days" in title for title in titles) == 6
    lines = figure.axes[0].get_lines()[0]
    assert set(lines.get_ydata()) <= set(priced.price.tolist())


def test_a_chain_without_any_price_is_drawn_too(tmp_path):
    chain = read_chain(SAMPLE)
    nothing = price_chain(replace(chain, volatility=np.zeros(len(chain))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_plot(nothing, tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 0


def test_an_unknown_format_leaves_nothing_behind(priced, tmp_path):
    with pytest.raises(ValueError, match="not supported"):
        write_plot(priced, tmp_path / "model.docx")
    assert not list(tmp_path.iterdir())
