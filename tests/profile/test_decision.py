"""Rows from curves, against numbers worked out by hand."""

import pytest

from quantforge.profile.curves import Curve
from quantforge.profile.decision import Candidate, candidates, decide

SIZES = (1, 4, 16, 64, 256, 1024, 4096)


def curve(seconds, threads=1, sizes=SIZES):
    return Curve(threads, sizes, tuple(float(seconds(n)) for n in sizes))


def test_candidates_come_with_fewer_threads_first_then_in_the_order_of_the_backends():
    one, two = curve(float), curve(float, threads=2)
    found = candidates({"b": (one, two), "a": (one, two), "unasked": (one,)}, ("b", "a"))
    assert [(each.backend, each.threads) for each in found] == [
        ("b", 1), ("a", 1), ("b", 2), ("a", 2),
    ]  # fmt: skip


def backends(dip):
    """Backends of the rows if `dipping`, else 20 % slower, takes `dip` around 256 options."""
    sizes = tuple(sorted({round(2 ** (step / 8)) for step in range(8, 97)}))
    steady = Candidate("steady", 1, Curve(1, sizes, (1.0,) * len(sizes)))
    seconds = tuple(dip if 215 < n < 305 else 1.2 for n in sizes)  # half an octave
    dipping = Candidate("dipping", 1, Curve(1, sizes, seconds))
    assert dipping.curve.model == "points"
    return [row.backend for row in decide([steady, dipping])]


def test_a_row_must_save_five_percent_of_an_octave_for_each_switch():
    # 1 / 0.92 - 1 = 9 % over half an octave is less than twice 5 %, 1 / 0.7 - 1 = 43 % is more.
    assert backends(0.92) == ["steady"]
    assert backends(0.7) == ["steady", "dipping", "steady"]


def test_a_curve_of_small_batches_is_not_believed_of_large_ones():
    # As far as it goes it takes a millisecond whatever the size; the other one takes two.
    small = Candidate("small", 1, Curve(1, (1, 4, 16, 64), (1e-3,) * 4))
    large = Candidate("large", 1, curve(lambda n: 2e-3))
    assert [tuple(row) for row in decide([small, large])] == [
        (0, "small", 1),
        (pytest.approx(256, rel=0.05), "large", 1),
    ]


def test_a_switch_lies_where_the_times_cross_not_where_the_margin_is_passed():
    # 1 + n / 1000 against 2: equal at 1000, 5 % apart at 1100.
    rising = Candidate("rising", 1, curve(lambda n: 1.0 + n / 1000))
    flat = Candidate("flat", 1, curve(lambda n: 2.0))
    assert [tuple(row) for row in decide([rising, flat])] == [
        (0, "rising", 1),
        (pytest.approx(1000, rel=0.05), "flat", 1),
    ]
