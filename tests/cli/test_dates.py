"""Times to expiry from dates, in place of years.

Times are written out by hand: between Friday 2024-03-08 16:00 in New York (21:00 UTC) and Friday
2024-03-15 16:00 (20:00 UTC, summer time has begun) there are seven days less an hour.
"""

import json
from datetime import UTC, date, datetime

import pytest

import quantforge

pytest.importorskip("rich")

WEEK = (7 * 24 - 1) / 24 / 365
REST = ("--spot", 42, "--strike", 40, "--rate", 0, "--sigma", 0.2, "--kind", "call")
NAMES = ("--expiry", "expiry", "--quoted", "quoted")


@pytest.fixture
def table(tmp_path):
    """A function writing a file of expiries and times of quotes."""

    def write(*rows, name="options.csv"):
        path = tmp_path / name
        path.write_text("".join(f"{row}\n" for row in ("expiry,quoted", *rows)))
        return path

    return write


def times(run, *words):
    ended = run("price", *words, *REST, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)["columns"]["time"]


@pytest.mark.parametrize(
    "expiry", ["2024-03-15", "20240315", "15-Mar-2024", "March 15, 2024", "15.03.2024",
               "2024-03-15 00:00:00", "2024-03-15T16:00-04:00", "2024-03-15T20:00Z", "2024/03/15"],
)  # fmt: skip
def test_dates_and_instants_are_read_as_they_are_written(run, table, expiry):
    path = table(f'"{expiry}",2024-03-08T16:00-05:00', f'"{expiry}",2024-03-08T21:00:00Z')
    assert times(run, path, *NAMES) == pytest.approx([WEEK, WEEK], rel=1e-14)


def test_the_price_is_that_of_the_time_and_both_are_written(run, table):
    path = table("2024-03-15,2024-03-08T21:00Z")
    target = path.with_name("priced.csv")
    assert run("price", path, *NAMES, *REST, "--output", target).code == 0
    header, row = (line.split(",") for line in target.read_text().splitlines())
    found = dict(zip(header, row, strict=True))
    assert float(found["time"]) == pytest.approx(WEEK, rel=1e-14)
    assert float(found["price"]) == quantforge.price(42, 40, float(found["time"]), 0, 0.2)


@pytest.mark.parametrize(
    ("words", "years"),
    [
        ((), WEEK),
        (("--daycount", "act365.25"), WEEK * 365 / 365.25),
        (("--daycount", "calendar-days"), 7 / 365),
        (("--settle", "09:30@America/New_York"), WEEK - 6.5 / 24 / 365),
        (("--settle", "08:00@UTC"), (7 * 24 - 13) / 24 / 365),
    ],
)
def test_settlement_and_daycount_are_those_that_are_said(run, table, words, years):
    path = table("2024-03-15,2024-03-08T21:00Z")
    assert times(run, path, *NAMES, *words) == pytest.approx([years], rel=1e-14)


def test_business_days_leave_out_weekends_and_the_holidays_of_a_file(run, table, tmp_path):
    path = table("2024-07-08,2024-07-01", "2024-07-03,2024-07-01")
    words = (*NAMES, "--daycount", "bus252")
    assert times(run, path, *words) == pytest.approx([5 / 252, 2 / 252], rel=1e-14)
    days = tmp_path / "holidays.txt"
    days.write_text("# a day off\n2024-07-04\n\n25 December 2024\n")
    found = times(run, path, *words, "--holidays", days)
    assert found == pytest.approx([4 / 252, 2 / 252], rel=1e-14)
    days.write_text("2024-07-04\nsoon\n")
    ended = run("price", path, *words, *REST, "--holidays", days)
    assert (ended.code, f"{days}: line 2: 'soon' is not a date" in ended.err) == (2, True)


def test_arguments_may_be_dates_too(run):
    found = times(run, "--expiry", "2024-03-15", "--quoted", "2024-03-08T16:00-05:00")
    assert found == pytest.approx([WEEK], rel=1e-14)


def test_dates_of_parquet_are_read_in_their_types(run, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    quoted = [datetime(2024, 3, 8, 21, tzinfo=UTC), None]
    for expiry in (
        pyarrow.array([date(2024, 3, 15)] * 2),
        pyarrow.array([datetime(2024, 3, 15)] * 2, "timestamp[ns]"),
        pyarrow.array([20240315] * 2),
        pyarrow.array(["2024-03-15"] * 2).dictionary_encode(),
    ):
        zoned = pyarrow.array(quoted, pyarrow.timestamp("us", "Asia/Tokyo"))
        path = tmp_path / "options.parquet"
        parquet.write_table(pyarrow.table({"expiry": expiry, "quoted": zoned}), path)
        assert times(run, path, *NAMES) == [pytest.approx(WEEK, rel=1e-14), None]


@pytest.mark.parametrize("hour", [0, 1])
def test_an_instant_at_midnight_in_utc_is_no_date(run, tmp_path, hour):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    quoted = pyarrow.array([datetime(2024, 3, 9, hour, tzinfo=UTC)] * 2)
    expiry = pyarrow.array([datetime(2024, 3, 16, hour, tzinfo=UTC), None])
    path = tmp_path / "options.parquet"
    parquet.write_table(pyarrow.table({"expiry": expiry, "quoted": quoted}), path)
    assert times(run, path, *NAMES) == [pytest.approx(7 / 365, rel=1e-14), None]


def test_a_time_of_day_without_a_zone_is_in_that_of_the_settlement_and_said(run, table):
    path = table("2024-03-15,2024-03-08 16:00:00")
    ended = run("price", path, *NAMES, *REST, "--json")
    assert json.loads(ended.out)["columns"]["time"] == pytest.approx([WEEK], rel=1e-14)
    said = "times of day without a zone, taken in that of --settle, America/New_York: quoted\n"
    assert ended.err == f"quantforge: {said}"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("03/04/2024", "'03/04/2024' may have day or month first"),
        ("2024-02-30", "'2024-02-30' is not a date"),
        ("soon", "'soon' is not a date"),
        ("2024-03-15 4:00 PM", "'2024-03-15 4:00 PM' is no instant as 2024-03-08T15:30-05:00"),
    ],
)
def test_a_date_that_cannot_be_read_costs_its_row(run, table, cell, message):
    path = table("2024-03-15,2024-03-08T21:00Z", f"{cell},2024-03-08T21:00Z")
    ended = run("price", path, *NAMES, *REST, "--json")
    assert json.loads(ended.out)["columns"]["time"] == [pytest.approx(WEEK, rel=1e-14), None]
    assert f"line 3, column 'expiry', expiry: {message}" in ended.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--expiry", "expiry"), "--expiry needs --quoted"),
        ((*NAMES, "--time", "1"), "--time has no meaning beside --expiry"),
        ((*NAMES, "--time-unit", "days"), "--time-unit has no meaning beside --expiry"),
        (("--expiry", "expry", "--quoted", "quoted"), "did you mean 'expiry'?"),
        ((*NAMES, "--settle", "16:00@Mars"), "settle is '16:00@Mars'"),
        ((), "give --time NUMBER or COLUMN, or --expiry and --quoted"),
    ],
)
def test_bad_usage_is_told_in_one_line(run, table, words, message):
    ended = run("price", table("2024-03-15,2024-03-08T21:00Z"), *words, *REST)
    assert ended.code == 2
    assert message in ended.err
    assert ended.err.count("\n") == 1
