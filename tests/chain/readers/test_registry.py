"""The surest reader reads a file, a plugin among them, and one that fails costs itself alone."""

import warnings
from importlib import metadata
from types import SimpleNamespace

import numpy as np
import pytest

from quantforge import QuantForgeWarning, hookimpl
from quantforge.chain import SAMPLE, ChainError, Options, Quotes, read, readers
from quantforge.chain.readers import registry

NAMES = [each.name for each in registry.BUILT_IN]
FILE = b"#mine\n90\n100\n"


class Mine:
    """A reader of a format that nobody has: a strike on each line."""

    name, seeks, takes_map = "mine", "#mine at the start", True
    heads, asked = [], []

    def sniff(self, head, path):
        self.heads.append((head, path))
        return 1.0 if head.startswith(b"#mine") else 0.0

    def read(self, raw, source, options):
        self.asked.append(options)
        return Quotes(
            strike=np.array(raw.split()[1:], dtype=float),
            kind="call",
            expiry="2031-03-21",
            quoted=np.datetime64("2031-01-02T15:30:00"),
            source=source,
        )


@pytest.fixture
def plugged(monkeypatch):
    """A function that makes readers, or what fails to be one, look like installed plugins."""

    def plug(**plugins):
        points = []
        for name, made in plugins.items():

            def load(made=made):
                if isinstance(made, BaseException):
                    raise made
                return SimpleNamespace(quantforge_reader=hookimpl(lambda: made))

            points.append(SimpleNamespace(name=name, value=f"{name}_plugin", load=load))

        def listed(group):
            return points if group == registry.GROUP else installed(group=group)

        installed = metadata.entry_points
        monkeypatch.setattr(metadata, "entry_points", listed)
        registry.plugins.cache_clear()

    yield plug
    registry.plugins.cache_clear()


def test_the_reader_of_a_plugin_reads_what_it_is_surest_of(plugged, write):
    plugged(mine=Mine())
    assert list(readers()) == [*NAMES, "mine"]
    path = write(FILE, "strikes.txt")
    assert read(path).strike.tolist() == [90.0, 100.0]
    assert Mine.heads[-1] == (FILE, str(path))
    assert len(read(SAMPLE)) == 468


def test_a_reader_is_told_what_the_caller_says(plugged, write):
    plugged(mine=Mine())
    quotes = read(write(FILE), format="mine", spot=95.0, rate=0.04, map={"strike": "K"})
    assert Mine.asked[-1] == Options(spot=95.0, rate=0.04, map={"strike": "K"})
    assert set(quotes.spot) == {95.0}  # though the reader has used nothing of it
    assert set(quotes.rate) == {0.04}
    assert np.isnan(quotes.forward).all()


def test_the_format_may_be_named_whatever_the_file_looks_like(plugged, write):
    plugged(mine=Mine())
    assert read(write(b"anything\n90\n"), format="mine").strike.tolist() == [90.0]
    with pytest.raises(ChainError, match="no header with Calls, Puts and Strike"):
        read(write(FILE), format="cboe")
    with pytest.raises(
        ValueError, match=f"unknown format 'yours'; known: {', '.join(NAMES)}, mine"
    ):
        read(write(FILE), format="yours")


def test_a_file_that_nobody_knows_is_refused_with_what_each_looks_for(plugged, write):
    plugged(mine=Mine())
    path = write("a,b\n1,2\n")
    with pytest.raises(ChainError) as caught:
        read(path)
    start = (
        f"{path}: not an option chain of a known format: "
        "cboe looks for a header with Calls, Puts and Strike in the first 60 lines; "
    )
    assert str(caught.value).startswith(start)
    assert str(caught.value).endswith("; mine looks for #mine at the start")
    assert all(f"; {name} looks for " in str(caught.value) for name in NAMES[1:])


class Raising(Mine):
    """A reader that raises wherever it is asked."""

    name = "raising"

    def sniff(self, head, path):
        raise ZeroDivisionError("no\nidea")

    def read(self, raw, source, options):
        raise KeyError("strike")


class Doubtful(Mine):
    """A reader whose confidence means nothing."""

    name, sure = "doubtful", 0.0

    def sniff(self, head, path):
        return self.sure


@pytest.mark.parametrize(
    ("plugin", "line"),
    [
        ({"bad": ImportError("no module xlrd")}, "reader 'bad' is left out: ImportError: no"),
        ({"bad": SystemExit(3)}, "reader 'bad' is left out: SystemExit: 3"),
        ({"bad": Mine()}, "entry point 'bad' has a reader named 'mine'"),
        ({"bad": SimpleNamespace(name="bad")}, "its reader has no method 'sniff'"),
        ({"cboe": Mine()}, "reader 'cboe' of cboe_plugin is left out: there is one of this name"),
        ({"raising": Raising()}, "reader 'raising' is left out: ZeroDivisionError: no idea"),
    ],
)
def test_a_plugin_that_fails_is_left_out_with_a_line_and_the_others_read(
    plugged, write, plugin, line
):
    plugged(mine=Mine(), **plugin)
    with pytest.warns(QuantForgeWarning, match=line):
        assert len(read(write(FILE))) == 2


def test_a_module_without_the_hook_is_left_out(plugged, write, monkeypatch):
    point = SimpleNamespace(name="bare", value="bare", load=lambda: SimpleNamespace())
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    registry.plugins.cache_clear()
    with pytest.warns(QuantForgeWarning, match="no hook implementation `quantforge_reader`"):
        assert list(readers()) == NAMES
    registry.plugins.cache_clear()


@pytest.mark.parametrize("sure", [float("nan"), 7.0, -1.0])
def test_a_confidence_that_is_no_share_counts_as_none(plugged, write, sure):
    doubtful = Doubtful()
    doubtful.sure = sure
    plugged(doubtful=doubtful)
    with pytest.raises(ChainError, match="not an option chain of a known format"):
        read(write(FILE))


def test_whatever_a_reader_raises_names_it_and_the_file(plugged, write):
    plugged(raising=Raising())
    with pytest.raises(ChainError, match="the reader 'raising' failed: KeyError: 'strike'"):
        read(write(FILE, "x.csv"), format="raising")


def test_a_table_that_is_no_table_of_quotes_names_the_reader(plugged, write):
    plugged(mine=Mine())
    with pytest.raises(ChainError, match="'mine' failed: ValueError: there are no options"):
        read(write(b"#mine\n"))
    none = Mine()
    none.read = lambda raw, source, options: None
    plugged(mine=none)
    with pytest.raises(ChainError, match="'mine' failed: TypeError: it returned NoneType"):
        read(write(FILE))


def test_a_reader_that_comes_along_is_had_by_name_without_loading_a_plugin(plugged):
    plugged(bad=ImportError("never"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read(SAMPLE, format="cboe")) == 468


def test_a_matrix_of_swaptions_is_named_with_what_takes_it(write):
    text = "\ufeffTenor,12M,24M,5Y\n1M,74.6,79.6,85.4\n1Y,35.6,72.6,82.9\n"
    with pytest.raises(ChainError, match=r"a matrix by expiry \(1M, .*tenor \(12M, .*'bachelier'"):
        read(write(text))
    with pytest.raises(ChainError, match="not an option chain of a known format"):
        read(write(text.replace("24M", "strike")))


@pytest.mark.parametrize("symbol", ["SFRH6C 96 Comdty", "SR3H26 C9600", "0QZ5P 97.25"])
def test_options_on_futures_on_rates_are_named_with_what_prices_them(write, symbol):
    text = f"ticker,type,expiry,date,strike,bid,ask\n{symbol},C,2031-03-21,2031-01-02,96,0.3,0.32\n"
    with pytest.raises(ChainError, match=r"future on an interest rate .* --model bachelier"):
        read(write(text))
    assert len(read(write(text.replace(symbol, "GE 310321C00096000")))) == 1
