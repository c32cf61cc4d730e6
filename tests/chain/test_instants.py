"""Instants are read as browsers of many languages write them."""

from datetime import UTC, datetime

import pytest

from quantforge.chain.instants import read_iso_instant, read_written_instant

AT_1631_EDT = datetime(2023, 9, 14, 20, 31, tzinfo=UTC)
AT_1631_EST = datetime(2023, 12, 14, 21, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Date: September 14, 2023 at 4:31 PM EDT", AT_1631_EDT),
        ("Date: September 14, 2023 at 4:31\u202fPM EDT,Bid: 4483.25,Ask: 4526.27", AT_1631_EDT),
        ("September 14, 2023, 4:31 p.m. ET", AT_1631_EDT),
        ("Sep 14 2023 16:31", AT_1631_EDT),
        ("14 September 2023 at 21:31 BST", AT_1631_EDT),
        ("14 Sept 2023, 16:31 GMT-4", AT_1631_EDT),
        ("14. September 2023 um 22:31 MESZ", AT_1631_EDT),
        ("14. September 2023 um 22:31 Uhr MESZ", AT_1631_EDT),
        ("14 septembre 2023 à 16:31 UTC−4", AT_1631_EDT),
        ("14 de septiembre de 2023, 16:31 GMT-04:00", AT_1631_EDT),
        ("2023-09-14 16:31:00 EDT", AT_1631_EDT),
        ("09/14/2023 04:31 PM EDT", AT_1631_EDT),
        ("14.09.2023, 16:31", AT_1631_EDT),
        ("Date: December 14, 2023 at 4:31 PM EST", AT_1631_EST),
        ("14 décembre 2023 à 22h31 CET", AT_1631_EST),
        ("14. Dezember 2023, 16:31", AT_1631_EST),
        ("December 14, 2023 at 3:31 PM CST", AT_1631_EST),
        ("June 3, 2024 at 12:05 AM EDT", datetime(2024, 6, 3, 4, 5, tzinfo=UTC)),
        ("3 juillet 2024 12:00 EDT", datetime(2024, 7, 3, 16, 0, tzinfo=UTC)),
        ("March 8, 2024 at 12:00 PM EST", datetime(2024, 3, 8, 17, 0, tzinfo=UTC)),
    ],
)
def test_a_written_time_is_read_in_any_language_and_zone(text, instant):
    assert read_written_instant(text) == instant


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("September 14, 2023", "no time of day"),
        ("4:31 PM EDT", "no date"),
        ("September 31, 2023 at 4:31 PM EDT", "day is out of range"),
        ("September 14, 2023 at 14:31 PM EDT", "no time of day"),
        ("September 14, 2023 at 25:31 EDT", "hour must be in"),
        ("September 14, 2023 at 4:31 PM IST", "time zone 'ist' is unknown"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_written_instant(text)


def test_iso_times_need_a_zone():
    assert read_iso_instant("2023-09-14T16:31-04:00") == AT_1631_EDT
    assert read_iso_instant("2023-09-14T20:31Z") == AT_1631_EDT
    with pytest.raises(ValueError, match="no time zone"):
        read_iso_instant("2023-09-14T16:31")
    with pytest.raises(ValueError, match="not an ISO 8601 time"):
        read_iso_instant("yesterday")
