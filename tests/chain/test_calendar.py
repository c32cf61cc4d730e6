"""Times to expiry, counted by hand in seconds."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from quantforge.chain import expiries, read

YEAR = 365 * 86400


def with_symbols(text, root, day):
    """The small chain as one of another root, expiring on another day."""
    dated = text.replace("Fri Oct 20 2023", f"{day:%a %b %d %Y}")
    return dated.replace("SPXW231020", f"{root}{day:%y%m%d}")


@pytest.mark.parametrize(
    ("root", "day", "seconds"),
    [
        # quotes of 16:31 on Thursday, 14 September 2023, daylight saving time
        ("SPXW", datetime(2023, 9, 15), 23 * 3600 + 29 * 60),
        ("SPX", datetime(2023, 9, 15), 16 * 3600 + 59 * 60),
        ("SPXW", datetime(2023, 9, 14), -31 * 60),
        ("NDX", datetime(2023, 9, 15), 16 * 3600 + 59 * 60),
        ("AAPL", datetime(2023, 9, 15), 23 * 3600 + 29 * 60),
        # the clock goes back on 5 November: an hour more than 63 days and a half hour less
        ("SPXW", datetime(2023, 11, 16), 63 * 86400 - 31 * 60 + 3600),
        ("SPX", datetime(2023, 11, 17), 64 * 86400 - 7 * 3600 - 60 + 3600),
    ],
)
def test_options_expire_at_the_open_or_the_close_by_their_root(
    chain_text, write, root, day, seconds
):
    chain = read(write(with_symbols(chain_text(), root, day)))
    assert expiries(chain).time == pytest.approx([seconds / YEAR], rel=1e-12)


def test_summer_time_counts_even_when_the_quotes_are_in_the_exchange_s_own_zone(chain_text, write):
    asof = datetime(2023, 9, 14, 16, 31, tzinfo=ZoneInfo("America/New_York"))
    path = write(with_symbols(chain_text(), "SPXW", datetime(2023, 11, 16)))
    found = expiries(read(path, asof=asof))
    assert found.time == pytest.approx([(63 * 86400 - 31 * 60 + 3600) / YEAR], rel=1e-12)


def test_the_caller_says_which_roots_settle_at_the_open(chain_text, write):
    chain = read(write(chain_text()))
    at_the_close = 36 * 86400 - 31 * 60
    assert expiries(chain).time == pytest.approx([at_the_close / YEAR])
    assert expiries(chain, {"SPXW"}).time == pytest.approx([(at_the_close - 6.5 * 3600) / YEAR])


def test_two_roots_of_one_date_are_two_expiries_the_nearer_first(chain_text, write):
    rows = chain_text().splitlines()[4:]
    both = [*rows, *(row.replace("SPXW", "SPX") for row in rows)]
    chain = read(write(chain_text(rows=both)))
    found = expiries(chain)
    assert found.root.tolist() == ["SPX", "SPXW"]
    assert found.options.tolist() == [6, 6]
    np.testing.assert_array_equal(found.root[found.of_option], chain.root)
    assert np.diff(found.time) * YEAR == pytest.approx([6.5 * 3600])
