"""The picture is drawn whatever is in the chain."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from quantforge.chain import SAMPLE, Reason, draw, price, read, write_plot
from quantforge.chain.plot import style, term


@pytest.fixture(scope="module")
def priced():
    return price(read(SAMPLE))


def test_a_png_is_written_whole(priced, tmp_path):
    write_plot(priced, tmp_path / "model.png")
    raw = (tmp_path / "model.png").read_bytes()
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    assert raw.endswith(b"IEND\xaeB`\x82")
    assert [each.name for each in tmp_path.iterdir()] == ["model.png"]


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_it_tells_how_far_the_volatilities_are_off_and_what_share_of_prices_is_inside(priced):
    texts = [text.get_text() for text in draw(priced).texts]
    assert f"{priced.inside_share:.1%}" in texts
    off = np.abs(priced.implied.difference["volatility"][priced.implied.liquid])
    assert f"{np.nanmedian(off):.5f}" in texts


def test_it_shows_smiles_of_all_seven_expiries_and_prices_of_six(priced):
    named = titles(draw(priced))
    assert sum(" days" in title for title in named) == 7 + 6
    for part in ("At-the-money volatility", "Interest rate"):
        assert part in named


def test_a_smile_has_the_mid_s_volatility_of_the_options_out_of_the_money(priced):
    axes = draw(priced).axes[0]
    chain, place = priced.quotes, priced.expiries.of_option
    line = axes.get_lines()[0]
    assert len(line.get_xdata()) > 5
    for strike, volatility in zip(line.get_xdata(), line.get_ydata(), strict=True):
        kind = 1 if strike >= priced.fit.forward[1] else -1
        row = (place == 1) & (chain.strike == strike) & (chain.kind == kind)
        assert priced.implied.mid[row].tolist() == [volatility]
    vendor = axes.get_lines()[1]
    assert set(vendor.get_ydata()) <= set(chain.vendor_iv[place == 1].tolist())


def test_forward_rates_compound_to_the_rates_they_come_from():
    time, rate = np.array([0.02, 0.1, 0.5, 0.52, 1.0]), np.array([0.04, 0.04, 0.05, 0.2, 0.045])
    edges, between = term.forward_rates(time, rate)
    assert edges.tolist() == [0.0, 0.1, 0.5, 1.0]  # what is less than four weeks on is passed over
    assert between == pytest.approx([0.04, (0.025 - 0.004) / 0.4, (0.045 - 0.025) / 0.5])


def test_of_many_expiries_those_shown_are_of_different_dates_and_spread_over_time(priced):
    options = priced.reason == Reason.PRICED
    assert len(style.spread_out(priced, options, 7)) == 7
    places = style.spread_out(priced, options, 4)
    assert len(set(priced.expiries.date[places].tolist())) == 4
    assert (places[0], places[-1]) == (1, 7)
    assert style.spread_out(priced, np.zeros(len(options), bool), 4) == []


def test_of_quotes_of_two_times_smiles_and_term_structure_are_those_of_the_last(priced):
    columns = priced.quotes.columns()
    both = {name: np.tile(values, 2) for name, values in columns.items()}
    both["quoted"] = np.concatenate((columns["quoted"], columns["quoted"] + np.timedelta64(1, "h")))
    two = price(replace(priced.quotes, **both))
    assert len(two.expiries) == 2 * len(priced.expiries)
    places = style.spread_out(two, np.isfinite(two.implied.mid), 8)
    assert set(two.expiries.quoted[places]) == {both["quoted"].max()}
    figure = draw(two)
    assert any("17:31" in text.get_text() for text in figure.texts)
    level = next(axes for axes in figure.axes if "At-the-money" in axes.get_title(loc="left"))
    known = np.isfinite(two.implied.at_the_money) & style.latest(two)
    assert level.get_lines()[0].get_xdata() == pytest.approx(365.0 * two.expiries.time[known])


def test_a_chain_without_any_price_or_quote_is_drawn_too(tmp_path):
    chain = read(SAMPLE)
    blank = np.zeros(len(chain))
    nothing = price(replace(chain, vendor_iv=blank, bid=blank, ask=blank))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_plot(nothing, tmp_path / "empty.png")
    assert (tmp_path / "empty.png").stat().st_size > 0


def test_an_unknown_format_leaves_nothing_behind(priced, tmp_path):
    with pytest.raises(ValueError, match="not supported"):
        write_plot(priced, tmp_path / "model.docx")
    assert not list(tmp_path.iterdir())
