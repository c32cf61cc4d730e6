"""The bench of American options draws the books it names and tells errors, times and places."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from quantforge_conformance import reference

from bench import environments, kept, processes
from bench.american import exact, measuring, picture, report
from bench.american.books import BOOKS, MARKET, WIDE, Options
from bench.american.exact import Exact
from bench.packages import AMERICAN
from bench.surroundings import usable

BACKENDS = usable("american_price")
QUANTLIB = next(one for one in AMERICAN if one.name == "QuantLib")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Twelve options of the market with their exact values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "FOLDER", tmp_path_factory.mktemp("exact"))
        yield exact.exact(MARKET, 12, 3)


def known(distance, value=None):
    """Options of a year at such distances from their boundary, worth 0 if nothing else is said."""
    one = np.ones(len(distance))
    options = Options(one, one, one, 0.05 * one, 0.02 * one, 0.2 * one, -one)
    return Exact(options, 0.0 * one if value is None else np.array(value), np.array(distance))


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_a_book_is_half_puts_within_its_ranges_and_has_one_boundary_each(book):
    o = book.draw(2_000, 1)
    assert (np.sum(o.sign), np.sum(np.abs(o.sign))) == (0.0, 2_000.0)
    for name in ("rate", "dividend", "sigma", "spot"):
        low, high = getattr(book, name)
        drawn, near = getattr(o, name), 0.05 * (high - low)
        assert low <= drawn.min() <= low + near
        assert high - near <= drawn.max() <= high
    days = 365 * o.time
    assert np.abs(days - np.rint(days)).max() < 1e-9
    assert 7 <= np.rint(days.min()) <= 8
    assert 0.95 * book.years < o.time.max() <= book.years
    puts = o.as_puts()
    assert not np.any((puts.dividend < puts.rate) & (puts.rate < 0.0))


def test_the_books_are_those_of_the_guide():
    assert (MARKET.rate, MARKET.dividend, MARKET.sigma) == ((-0.02, 0.1), (0.0, 0.12), (0.05, 0.8))
    assert (WIDE.rate, WIDE.sigma, WIDE.years) == ((-0.02, 0.15), (0.005, 2.0), 30.0)
    assert (MARKET.spot, MARKET.years) == ((60.0, 160.0), 5.0)


def test_another_seed_draws_other_options():
    first, again, other = (MARKET.draw(50, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.any(first.spot == other.spot)


def test_a_call_and_the_put_that_it_is_are_worth_the_same():
    o = MARKET.draw(6, 4)
    prices = [
        [float(reference.american_price(*lane)) for lane in zip(*map(list, each), strict=True)]
        for each in (o, o.as_puts())
    ]
    assert set(o.as_puts().sign) == {-1.0}
    assert prices[0] == pytest.approx(prices[1], abs=1e-8)


def test_exact_values_are_those_of_the_reference(few):
    lanes = zip(*(column.tolist() for column in few.options), strict=True)
    assert few.value.tolist() == [float(reference.american_price(*lane)) for lane in lanes]


def test_an_option_is_worth_what_exercise_brings_just_where_it_is_beyond_its_boundary(few):
    o = few.options
    exercised = few.value <= o.sign * (o.spot - o.strike) + 1e-9
    assert 0 < exercised.sum() < len(exercised)
    assert np.array_equal(exercised, few.distance < 0.0)


def test_where_nobody_exercises_early_there_is_no_distance():
    one = np.ones(2)
    options = Options(one, one, one, np.array([-0.01, 0.05]), 0.02 * one, 0.2 * one, -one)
    assert np.isnan(exact._distances(options)).tolist() == [True, False]


def test_exact_values_are_computed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    made = []

    def make():
        made.append(1)
        return {"value": np.array([1.5])}

    found = [kept.kept("some", (Path(__file__),), make)["value"].tolist() for _ in range(2)]
    assert (found, len(made)) == ([[1.5], [1.5]], 1)
    kept.kept("some", (Path(kept.__file__),), make)
    assert len(made) == 2


def test_errors_are_the_root_mean_square_and_the_largest_of_what_has_a_number():
    found = measuring.errors([3.0, np.nan, -4.0, np.inf], known([1.0] * 4))
    assert found == {"rmse": pytest.approx(12.5**0.5), "largest": 4.0, "failed": 2}
    nothing = measuring.errors([np.nan], known([1.0]))
    assert nothing == {"rmse": None, "largest": None, "failed": 1}


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
@pytest.mark.parametrize("accuracy", measuring.ACCURACIES)
def test_a_call_prices_the_options_of_the_book(few, accuracy):
    for backend in BACKENDS:
        found = measuring.errors(measuring.call(few.options, accuracy, backend)(), few)
        assert found["failed"] == 0
        assert 1e-13 < found["rmse"] <= found["largest"] < 5e-3


@pytest.mark.skipif(not BACKENDS, reason="no backend has American options")
def test_a_call_that_takes_too_long_is_timed_on_fewer_options(few, monkeypatch):
    monkeypatch.setattr(measuring, "LONGEST", 0.0)
    assert {one.n for one in measuring._cells(few.options, "fast")} == {1}
    monkeypatch.setattr(measuring, "LONGEST", 60.0)
    assert {one.n for one in measuring._cells(few.options, "fast")} == {12}


@pytest.mark.skipif(not environments.python(QUANTLIB).exists(), reason="QuantLib is not installed")
def test_quantlib_is_asked_for_the_same_options(few):
    jobs = [processes.Job(way, few.options._asdict()) for way in measuring.WAYS[QUANTLIB.adapter]]
    processes.run(QUANTLIB, jobs)
    largest = [measuring.errors(job.values[job.operation], few)["largest"] for job in jobs]
    assert largest[0] < 1e-2
    assert largest[1] < 1e-3
    assert largest[2] < 1e-5


def entry(library, way, backend, rmse, largest, failed, **more):
    who = {"library": library, "way": way, "backend": backend}
    return {**who, "rmse": rmse, "largest": largest, "failed": failed, **more}


def figures():
    """Figures as `measure` returns them, made up."""
    timed = {"n": 2, "seconds": 1e-6, "spread": 0.1}
    entries = [
        entry("QuantForge", "fast", "c", 1.24e-4, 2e-3, 0, ns_per_option=712.0, **timed),
        entry("QuantForge", "fast", "numba", 1.24e-4, 3e-3, 0, ns_per_option=1234.0, **timed),
        entry("QuantLib", "fast scheme", None, None, None, 2),
    ]
    libraries = [{"library": "QuantLib", "version": "1.0", "remark": "slowly"}]
    of_books = {book.name: entries for book in BOOKS}
    where = {"when": "2026-01-31T10:00:00", "cpu": "one", "system": "some", "python": "3"}
    found = {"count": 2, "seed": 5, "libraries": libraries, "entries": of_books}
    return {"surroundings": where, **found}


def test_a_row_has_the_worst_error_of_its_backends_and_the_time_of_each():
    _, headings, rows = report.tables(figures())["market"]
    assert headings[1:] == ["RMSE", "largest error", "failed", "c, µs", "numba, µs", "others, µs"]
    assert rows == [
        ["QuantForge, fast", "1.2e-4", "3.0e-3", "", "0.71", "1.2", ""],
        ["QuantLib, fast scheme", "–", "–", "2", "", "", "–"],
    ]


def test_a_page_is_filled_below_its_markers_alone():
    page = (
        "Before.\n\n<!-- american: wide -->\n\n| old |\n| old |\n\nBetween.\n\n"
        "<!-- american: measured -->\n\n- old\n\nAfter.\n"
    )
    filled = report.filled(page, figures())
    assert filled.startswith("Before.\n\n<!-- american: wide -->\n\n|  | RMSE |")
    assert "|\n\nBetween.\n\n<!-- american: measured -->\n\n- QuantLib 1.0: slowly\n" in filled
    assert filled.endswith("- measured: 2026-01-31, one, some, Python 3\n\nAfter.\n")
    assert "old" not in filled
    assert report.filled(filled, figures()) == filled


def test_a_cell_has_the_power_of_ten_that_its_largest_error_stays_below():
    its = known([-1.0, 0.1, 0.2, 7.0, np.nan, 0.3])
    off = np.array([-2e-5, 3e-4, -0.9e-2, 0.0, 1.0, np.nan])
    found = picture.powers(its, off, picture.TIME, its.options.time)
    a_year = picture.TIME.labels.index("1 year") + 1
    row = found[a_year]
    assert [row[0], row[1], row[-1]] == [-4, -2, picture.LEAST]
    assert np.isfinite(found).sum() == 3


def test_the_picture_is_the_same_file_each_time_and_says_what_its_panels_are(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    its, off = known([0.1, 0.7]), {"fast": np.array([2e-4, 3e-7])}
    written = []
    for name in ("one.svg", "two.svg"):
        monkeypatch.setattr(picture, "PICTURE", tmp_path / name)
        written.append(picture.write(its, off, {"fast": "fast: largest 2e-4"}).read_bytes())
    assert written[0] == written[1]
    words = {each.text for each in ElementTree.fromstring(written[0]).iter() if each.text}
    assert {"fast: largest 2e-4", "−3", "−6", *picture.DISTANCE.labels} <= words
