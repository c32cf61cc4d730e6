"""Curves through measured points, against numbers worked out by hand."""

import numpy as np
import pytest

from quantforge.profile.curves import Curve

SIZES = (1, 4, 16, 64, 256, 1024, 4096)


def curve(seconds, threads=1, sizes=SIZES):
    return Curve(threads, sizes, tuple(float(seconds(n)) for n in sizes))


def test_points_on_a_line_give_that_line():
    straight = curve(lambda n: 2e-6 + 3e-9 * n)
    assert straight.line == (pytest.approx(2e-6), pytest.approx(3e-9))
    assert straight.predict(1_000_000) == pytest.approx(2e-6 + 3e-3)


def test_one_bad_point_does_not_bend_a_line():
    seconds = [2e-6 + 3e-9 * n for n in SIZES]
    seconds[3] *= 1.3
    bumpy = Curve(1, SIZES, tuple(seconds))
    assert bumpy.model == "line"
    assert bumpy.predict(64) == pytest.approx(2e-6 + 3e-9 * 64, rel=0.1)


def test_points_that_no_line_fits_are_joined():
    """Memory that slows down beyond 1000 options: 3 ns each below, 10 ns each above."""
    bent = curve(
        lambda n: 1e-6 + 3e-9 * min(n, 1000) + 10e-9 * max(n - 1000, 0), sizes=(*SIZES, 16384)
    )
    assert bent.model == "points"
    assert bent.predict(256) == pytest.approx(1e-6 + 3e-9 * 256)
    assert bent.predict(4096) == pytest.approx(1e-6 + 3e-6 + 30.96e-6)
    assert bent.predict(2048) == pytest.approx(
        1e-6 + 3e-6 + 10.48e-6, rel=0.2
    )  # just past the kink
    # Beyond the last point as far from the line as there.
    fixed, each = bent.line
    factor = bent.seconds[-1] / (fixed + each * 16384)
    assert bent.predict(10**6) == pytest.approx(factor * (fixed + each * 10**6))


def test_a_line_never_takes_less_than_no_time():
    falling = Curve(1, (1, 10, 100), (3e-6, 2e-6, 1e-6))
    assert (falling.predict(np.array([1, 10**6])) > 0).all()
    through_zero = Curve(1, (1, 10), (1e-9, 20e-9))
    assert through_zero.predict(0) == 0.0


def test_a_single_point_is_a_constant():
    assert Curve(1, (10,), (5e-6,)).predict([1, 100]) == pytest.approx([5e-6, 5e-6])


def test_far_beyond_its_points_a_curve_knows_only_what_most_of_its_last_time_was_for():
    flat = Curve(2, (256,), (75e-6,))
    early = curve(lambda n: 2e-6 + 5e-9 * n, sizes=(1, 4, 16, 64, 256))
    late = curve(lambda n: 2e-6 + 10e-9 * n, sizes=(1, 4, 16, 64, 256))
    for one in (flat, early, late):
        assert one.knows(1)
        assert one.knows(1024)
    assert [one.knows(1025) for one in (flat, early, late)] == [False, False, True]
    assert late.knows(10**6)


def test_new_points_are_sorted_in_and_replace_old_ones():
    assert Curve(2, (1, 4), (1.0, 4.0)).with_point(2, 2.0, 0.0).with_point(4, 3.0, 0.1) == Curve(
        2, (1, 2, 4), (1.0, 2.0, 3.0), (0.0, 0.0, 0.1)
    )


def test_a_time_may_be_off_by_its_spread_and_by_what_the_line_misses():
    sizes = (1, 10, 100, 1000)
    exact = Curve(1, sizes, tuple(1e-6 + 1e-8 * n for n in sizes), (0.0, 0.1, 0.1, 0.3))
    assert exact.spread([1, 10, 1000, 10_000]) == pytest.approx([0.0, 0.1, 0.3, 0.3], abs=1e-9)
    assert exact.spread(10**2.5) == pytest.approx(0.2)
    around = Curve(1, sizes, tuple(1e-6 * factor for factor in (1.0, 1.04, 1.0, 1.04)))
    assert around.model == "line"
    fixed, each = around.line
    missed = [
        abs(time / (fixed + each * n) - 1.0) for n, time in zip(sizes, around.seconds, strict=True)
    ]
    assert around.spread(sizes) == pytest.approx(missed)
    assert max(missed) > 0.01
