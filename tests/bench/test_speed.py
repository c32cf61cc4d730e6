"""Tables of times: what took too long to be timed leaves a dash, and the rest stands."""

from bench import comparison, speed


def entry(way, n, nanoseconds, backend="c", threads=1):
    times = {"ns_per_option": nanoseconds, "spread": 0.05, "undisturbed": True}
    return {"way": way, "backend": backend, "threads": threads, "n": n, **times}


ENTRIES = [
    entry("peer", 1_000, 60.0, backend=""),
    entry("bind", 1_000, 15.0),
    entry("bind", 1_000, 1_200.0, backend="numpy"),
    entry("bind", 1_000_000, 12.0),
    entry("bind", 1_000_000, 6.0, threads=2),
]


def test_a_time_stands_beside_how_many_times_faster_it_is():
    _, headings, rows = speed._batches("price", ENTRIES)
    assert headings == ["options", "NumPy + SciPy", "C", "the fallback"]
    assert rows == [
        ["1,000", "60.0", "15.0 (4.0×)", "1,200 (0.05×)"],
        ["1,000,000", "–", "12.0", "–"],
        ["1,000,000, 2 threads", "–", "6.0", "–"],
    ]


def test_the_terminal_shows_a_size_at_which_the_peer_was_not_timed():
    tables = comparison.tables("price", ENTRIES)
    rows = {row[0]: row[1] for _, _, rows in tables for row in rows}
    assert rows == {"1,000": "60.00", "1,000,000": "–"}
