"""Years from quotes to expiries: hours and business days that are counted by hand."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from quantforge import price, years_between

NEW_YORK = ZoneInfo("America/New_York")
HOUR = 1.0 / (365 * 24)


def hours(*given, **options):
    return years_between(*given, **options) * 365 * 24


# --- seconds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quoted", "expiry", "settle", "count"),
    [
        # an hour is lost on 10 March 2024, and won on 3 November
        ("2024-03-08T16:00-05:00", "2024-03-15", "16:00@America/New_York", 167),
        ("2024-11-01T16:00-04:00", "2024-11-08", "16:00@America/New_York", 169),
        ("2024-06-07T16:00-04:00", "2024-06-14", "16:00@America/New_York", 168),
        # in Europe on 31 March and 27 October, and in Tokyo never
        ("2024-03-28T17:30+01:00", "2024-04-04", "17:30@Europe/Berlin", 167),
        ("2024-10-24T17:30+02:00", "2024-10-31", "17:30@Europe/Berlin", 169),
        ("2024-03-08T16:00-05:00", "2024-03-15", "17:30@Europe/Berlin", 163.5),
        ("2024-03-08T15:15+09:00", "2024-03-15", "15:15@Asia/Tokyo", 168),
        ("2024-03-08T08:00Z", "2024-03-15", "08:00@UTC", 168),
        ("2024-03-08T07:59:30Z", "2024-03-08", "08:00@UTC", 1 / 120),
        ("2024-03-08T21:00Z", "2024-03-08T14:30-05:00", "16:00@America/New_York", -1.5),
    ],
)
def test_hours_are_those_that_pass(quoted, expiry, settle, count):
    assert hours(quoted, expiry, settle=settle) == pytest.approx(count, rel=1e-15)


def test_a_year_has_365_days_or_a_quarter_more():
    given = "2023-03-01T21:00Z", "2024-02-29T21:00Z"  # 365 days
    assert years_between(*given) == 1.0
    assert years_between(*given, daycount="act365.25") == 365 / 365.25


def test_every_way_to_write_an_instant_says_the_same():
    ways = [
        "2024-03-08T15:30:00-05:00",
        " 2024-03-08T20:30Z ",
        "2024-03-08 21:30+01:00",
        np.datetime64("2024-03-08T20:30"),
        np.datetime64("2024-03-08T20:30:00.000000000"),
        datetime(2024, 3, 8, 20, 30, tzinfo=UTC),
        datetime(2024, 3, 8, 15, 30, tzinfo=NEW_YORK),
        datetime(2024, 3, 8, 12, 30, tzinfo=timezone(timedelta(hours=-8))),
    ]
    for way in ways:
        assert hours(way, "2024-03-08T21:00Z") == pytest.approx(0.5, rel=1e-15), way
        assert hours("2024-03-08T20:00Z", way) == pytest.approx(0.5, rel=1e-15), way
    np.testing.assert_allclose(hours(ways, "2024-03-08T21:00Z"), 0.5, rtol=1e-15)


def test_every_way_to_write_a_date_settles_alike():
    ways = ["2024-03-15", b"2024-03-15", date(2024, 3, 15), np.datetime64("2024-03-15")]
    ways += [np.datetime64("2024-03-15T00:00:00.000000000")]  # as pandas has dates
    for way in ways:
        assert hours("2024-03-15T19:00Z", way) == 1.0, way
        assert hours("2024-03-15T19:00Z", np.array([way, way])).tolist() == [1.0, 1.0], way
    assert hours("2024-03-15T19:00Z", ways).tolist() == [1.0] * len(ways)


def test_midnight_with_a_zone_is_an_instant():
    assert hours("2024-03-14T20:00Z", "2024-03-15T00:00Z") == 4.0
    assert hours("2024-03-14T20:00Z", datetime(2024, 3, 15, tzinfo=UTC)) == 4.0


def test_quotes_at_midnight_among_others_are_instants():
    quoted = np.array(["2024-03-14T23:00", "2024-03-15T00:00"], "M8[m]")
    assert hours(quoted, "2024-03-15").tolist() == [21.0, 20.0]


def test_quotes_at_midnight_are_dates_where_days_count_whatever_the_others_are():
    quoted = np.array(["2024-03-14T23:00", "2024-03-15T00:00"], "M8[m]")
    for some in (quoted, quoted[1:]):
        for daycount, year in (("calendar-days", 365), ("bus252", 252)):
            found = years_between(some, "2024-03-18", daycount=daycount)
            assert found[-1] == (3 if year == 365 else 1) / year


def test_random_instants_count_as_time_stamps_do():
    draw = np.random.default_rng(4)
    start = [datetime.fromtimestamp(t, UTC) for t in draw.integers(1.0e9, 1.9e9, 300).tolist()]
    end = [date.fromordinal(n) for n in draw.integers(731000, 745000, 300).tolist()]
    found = years_between(start, np.array(end, "M8[D]"))
    for quoted, expiry, years in zip(start, end, found.tolist(), strict=True):
        settles = datetime(expiry.year, expiry.month, expiry.day, 16, tzinfo=NEW_YORK)
        assert years == (settles.timestamp() - quoted.timestamp()) / (365 * 86400)


# --- days --------------------------------------------------------------------------------------

CARNIVAL = ["2024-02-12", "2024-02-13"]


@pytest.mark.parametrize(
    ("quoted", "expiry", "days"),
    [
        ("2024-02-05", "2024-02-09", 4),  # Monday to Friday
        ("2024-02-09", "2024-02-16", 3),  # 9, 14, 15
        ("2024-02-10", "2024-02-14", 0),  # from Saturday
        ("2024-02-16", "2024-02-09", -3),
        ("2024-02-10", "2024-02-09", -1),  # Friday has passed
        ("2024-02-09", "2024-02-09", 0),
        # Friday from 12:00: half of it, then Wednesday, and Thursday until 18:00
        ("2024-02-09T12:00-03:00", "2024-02-15", 0.5 + 1 + 0.75),
        ("2024-02-10T12:00-03:00", "2024-02-14", 0.75),
        ("2024-02-12T12:00-03:00", "2024-02-14", 0.75),  # a holiday does not count
        ("2024-02-14T12:00-03:00", "2024-02-14", 0.25),
        ("2024-02-14T21:00-03:00", "2024-02-14", -0.125),
        # by the clock of Sao Paulo still Thursday evening: 21:00 of the 8th
        ("2024-02-09T00:00Z", "2024-02-09", 0.125 + 0.75),
    ],
)
def test_business_days_are_those_of_the_calendar(quoted, expiry, days):
    options = {"daycount": "bus252", "settle": "18:00@America/Sao_Paulo", "holidays": CARNIVAL}
    assert years_between(quoted, expiry, **options) == pytest.approx(days / 252, rel=1e-15)


@pytest.mark.parametrize(
    "holidays",
    [
        [date(2024, 2, 12), date(2024, 2, 13)],
        np.array(CARNIVAL, "M8[D]"),
        np.array(CARNIVAL, "M8[ns]"),
        (day for day in CARNIVAL),
        {*CARNIVAL},
    ],
)
def test_holidays_may_be_written_as_dates_are(holidays):
    years = years_between("2024-02-09", "2024-02-16", daycount="bus252", holidays=holidays)
    assert years == 3 / 252


@pytest.mark.parametrize(
    ("quoted", "expiry", "days"),
    [
        ("2024-03-08", "2024-03-15", 7),
        ("2024-03-08T20:59:59-05:00", "2024-03-15", 7),  # in UTC the next day already
        ("2024-03-09T04:59:59Z", "2024-03-15", 7),
        ("2024-03-09T05:00:00Z", "2024-03-15", 6),
        ("2024-03-15T20:30Z", "2024-03-15", 0),
        ("2024-03-08T15:00Z", "2024-03-16T03:00Z", 7),
        ("2024-03-15", "2024-03-08", -7),
    ],
)
def test_calendar_days_are_whole_days_by_the_clock_of_the_zone(quoted, expiry, days):
    assert years_between(quoted, expiry, daycount="calendar-days") == days / 365


# --- arrays, labels, gaps ----------------------------------------------------------------------


def test_arguments_broadcast_with_a_settlement_each():
    quoted = np.array([["2024-03-15T13:00"], ["2024-03-15T13:15"]], "M8[m]")
    found = hours(quoted, "2024-03-15", settle=["09:30@America/New_York", "16:00@America/New_York"])
    np.testing.assert_allclose(found, [[0.5, 7.0], [0.25, 6.75]], rtol=1e-14)
    assert years_between(np.empty(0, "M8[s]"), "2024-03-15").shape == (0,)


@pytest.mark.parametrize("missing", [None, np.nan, "", "NaT", np.datetime64("NaT")])
@pytest.mark.parametrize("daycount", ["act365", "act365.25", "bus252", "calendar-days"])
def test_what_is_missing_is_nan(missing, daycount):
    instant, day = "2024-03-08T20:30Z", "2024-03-15"
    with np.errstate(all="raise"):
        assert np.isnan(years_between(missing, day, daycount=daycount))
        assert np.isnan(years_between(instant, missing, daycount=daycount))
        found = years_between([instant, missing], [day, day], daycount=daycount)
    assert np.isnan(found).tolist() == [False, True]
    assert found[0] == years_between(instant, day, daycount=daycount)


def test_columns_of_pandas_keep_their_labels_and_their_zone():
    pandas = pytest.importorskip("pandas")
    quoted = pandas.Series(
        pandas.to_datetime(["2024-03-15 15:00", "2024-03-14 20:00", None]).tz_localize(NEW_YORK),
        index=["a", "b", "c"],
    )
    expiry = pandas.Series(pandas.to_datetime(["2024-03-15"] * 3), index=["c", "b", "a"])
    found = years_between(quoted, expiry)
    assert list(found.index) == ["a", "b", "c"]
    assert (found[:2] * 365 * 24).tolist() == pytest.approx([1.0, 20.0], rel=1e-15)
    assert np.isnan(found["c"])
    # midnight with a zone is an instant
    midnight = pandas.Series(pandas.to_datetime(["2024-03-15"]).tz_localize("UTC"))
    assert hours("2024-03-14T20:00Z", midnight)[0] == 4.0
    assert hours("2024-03-15T19:00Z", pandas.Timestamp("2024-03-15T20:00Z")) == 1.0
    assert np.isnan(years_between(pandas.NaT, "2024-03-15"))
    words = pandas.Series(["2024-03-15", "2024-03-16"], index=["x", "y"])
    assert (hours("2024-03-15T19:00Z", words)).to_dict() == pytest.approx({"x": 1.0, "y": 25.0})


@pytest.mark.parametrize("library", ["polars", "pyarrow", "xarray"])
def test_columns_of_other_libraries_come_back(library):
    module = pytest.importorskip(library)
    instants, days = (np.array(each) for each in (["2024-03-15T19:00"], ["2024-03-15"]))
    instants, days = instants.astype("M8[us]"), days.astype("M8[D]")
    if library == "polars":
        quoted = module.Series(instants).dt.replace_time_zone("UTC")
        expiry = module.Series(days)
    elif library == "pyarrow":
        quoted = module.array(instants, module.timestamp("us", "UTC"))
        expiry = module.array(days)
    else:
        quoted = module.DataArray(instants.astype("M8[ns]"), dims="row")
        expiry = module.DataArray(days.astype("M8[ns]"), dims="row")
    found = years_between(quoted, expiry)
    assert type(found).__module__.split(".")[0] == library
    np.testing.assert_allclose(np.asarray(found), [HOUR], rtol=1e-15)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_midnight_with_a_zone_is_an_instant_in_columns_of(library):
    module = pytest.importorskip(library)
    midnight = np.array(["2024-03-15T00:00"], "M8[us]")
    if library == "polars":
        expiry = module.Series(midnight).dt.replace_time_zone("UTC")
    else:
        expiry = module.array(midnight, module.timestamp("us", "UTC"))
    assert np.asarray(years_between("2024-03-14T20:00Z", expiry))[0] == 4 * HOUR


def test_years_go_into_price_as_they_are():
    years = years_between("2024-03-08T20:30Z", ["2024-03-15", "2024-06-21", None])
    values = price(100.0, 100.0, years, 0.05, 0.2)
    assert np.isnan(values).tolist() == [False, False, True]


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quoted", "expiry", "options", "error", "message"),
    [
        ("2024-03-08", "2024-03-15", {}, ValueError, "quoted is 2024-03-08, without a time of day"),
        (
            ["2024-03-08T20:00Z", "2024-03-08"],
            "2024-03-15",
            {},
            ValueError,
            r"quoted\[1\] is 2024-03-08, without a time of day: .*calendar-days",
        ),
        (np.array(["2024-03-08"], "M8[ns]"), "2024-03-15", {}, ValueError, r"quoted\[0\] is 2024"),
        ("2024-03-08T16:00", "2024-03-15", {}, ValueError, "quoted is .*no time zone"),
        (datetime(2024, 3, 8, 16), "2024-03-15", {}, ValueError, "quoted is .*no time zone"),
        ("2024-03-08T16:00Z", "2024-03-15T16:00", {}, ValueError, "expiry is .*no time zone"),
        ("2024-03-08T16:00Z", ["2024-03-15", "03/15/2024"], {}, ValueError, r"expiry\[1\].*ISO"),
        ("2024-03-08T16:00Z", "2024-02-30", {}, ValueError, "expiry is '2024-02-30': .*ISO"),
        ("2024-03-08T16:00Z", 0.5, {}, TypeError, "expiry must be instants or dates, not float64"),
        (20240308, "2024-03-15", {}, TypeError, "quoted must be instants or dates, not int64"),
        ("2024-03-08T16:00Z", [date(2024, 3, 15), 7], {}, TypeError, r"expiry\[1\] is 7"),
        ("2024-03-08T16:00Z", np.datetime64("2024-03"), {}, TypeError, r"not datetime64\[M\]"),
        ("2024-03-08T16:00Z", "2024-03-15", {"daycount": "30/360"}, ValueError, "'act365', 'act3"),
        ("2024-03-08T16:00Z", "2024-03-15", {"settle": "16:00"}, ValueError, "a time and a zone"),
        ("2024-03-08T16:00Z", "2024-03-15", {"settle": "4@UTC"}, ValueError, "a time and a zone"),
        ("2024-03-08T16:00Z", "2024-03-15", {"settle": 16}, ValueError, "a time and a zone"),
        ("2024-03-08T16:00Z", "2024-03-15", {"settle": "16:00@Mars"}, ValueError, "'Mars'.*tzdata"),
        (
            "2024-03-08T16:00Z",
            "2024-03-15",
            {"holidays": ["2024-03-11"]},
            ValueError,
            "holidays are for daycount 'bus252', not for 'act365'",
        ),
        (
            "2024-03-08",
            "2024-03-15",
            {"holidays": ["2024-03-11T12:00Z"], "daycount": "bus252"},
            ValueError,
            r"holidays\[0\] is no date",
        ),
        (
            ["2024-03-08T16:00Z"] * 2,
            ["2024-03-15"] * 3,
            {},
            ValueError,
            r"do not broadcast: quoted \(2,\), expiry \(3,\)",
        ),
    ],
)
def test_a_wrong_call_names_the_argument(quoted, expiry, options, error, message):
    with pytest.raises(error, match=message):
        years_between(quoted, expiry, **options)
