"""The report on a chain as a table and a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from typing import Any, Final

from quantforge.cli.terminal import console, duration, table

__all__ = ["show"]

_SOLVED: Final = frozenset({"OK", "LOW_PRECISION"})
_HEADINGS: Final = (
    "quoted", "expiry", "root", "days", "options", "priced", "inside", "forward", "forward by",
    "rate",
    "carry", "dividends", "ATM vol", "inverted", "diff 50 %", "diff 95 %", "time", "backend",
)  # fmt: skip


def show(report: dict[str, Any], written: Sequence[Path]) -> None:
    """Print what the JSON report holds, and which files were written."""
    screen = console()
    times = dict.fromkeys((report["quoted"], report["quoted_until"]))
    screen.print(f"{report['name'] or report['source']}, quoted {' to '.join(times)}", style="bold")
    american = report["american_roots"]
    hidden = set() if american else {"carry"}
    if not any(expiry["dividends"] for expiry in report["expiries"]):
        hidden.add("dividends")
    if len(times) == 1:
        hidden.add("quoted")
    if {each["forward_source"] for each in report["expiries"]} <= {"", "parity"}:
        hidden.add("forward by")
    shown = [heading not in hidden for heading in _HEADINGS]
    rows = [tuple(compress(_row(expiry), shown)) for expiry in report["expiries"]]
    headings = tuple(compress(_HEADINGS, shown))
    screen.show(table(headings, rows, left=("quoted", "expiry", "root", "forward by", "backend")))
    if american:
        roots = ", ".join(root or "options without a root" for root in american)
        screen.print(f"taken as American: {roots}; --american-roots says otherwise")
    for remark in report["remarks"]:
        screen.print(remark, style="bold")
    if not report["compared"]:
        screen.print("no option has a vendor's volatility and a forward to compare with")
    else:
        _show_compared(screen, report)
    _show_implied(screen, report["implied"])
    seconds = report["seconds"]
    screen.print(
        f"read in {duration(seconds['read'])}, all else in {duration(seconds['fit_and_price'])}; "
        f"kernels take {duration(seconds['price'])} for prices, {duration(seconds['invert'])} for "
        f"the volatilities of bids, mids and asks, {duration(seconds['greeks'])} for greeks"
    )
    for path in written:
        screen.print(f"wrote {path}", soft_wrap=True)


def _show_compared(screen: Any, report: dict[str, Any]) -> None:
    screen.print(
        f"{_share(report['inside_share'])} of model prices inside bid-ask: "
        f"{report['inside']:,} of {report['compared']:,} options with a vendor's volatility "
        "and a fitted forward",
        style="bold",
    )
    screen.print(
        f"{report['priced']:,} of {report['options']:,} options priced"
        + _listed("; not priced: ", report["unpriced"])
    )


def _show_implied(screen: Any, implied: dict[str, Any]) -> None:
    volatility, delta, gamma = map(implied["off_vendor"].get, ("volatility", "delta", "gamma"))
    if volatility["median"] == volatility["median"]:
        _show_differences(screen, implied, volatility, delta, gamma)
    unsolved = {name: count for name, count in implied["codes"].items() if name not in _SOLVED}
    screen.print(
        f"{implied['inverted']:,} mid prices inverted on {implied['backend']}"
        + _listed("; others: ", unsolved)
    )


def _show_differences(
    screen: Any, implied: dict[str, Any], volatility: Any, delta: Any, gamma: Any
) -> None:
    screen.print(
        f"implied volatilities differ from the vendor's by {_difference(volatility['median'])} in "
        f"the median and {_difference(volatility['p95'])} at the 95th percentile of "
        f"{implied['liquid']:,} liquid options"
        + (_listed(", failures: ", implied["failures"]) or ", no failure"),
        style="bold",
    )
    if delta["median"] != delta["median"]:
        return
    screen.print(
        f"their deltas by {_difference(delta['median'])} and {_difference(delta['p95'])}, "
        f"their gammas by {_difference(gamma['median'])} and {_difference(gamma['p95'])}"
    )


def _listed(introduction: str, counts: dict[str, int]) -> str:
    """Counts above zero in words, nothing without any."""
    words = ", ".join(f"{count:,} {_words(name)}" for name, count in counts.items() if count)
    return f"{introduction}{words}" if words else ""


def _words(name: str) -> str:
    return name.lower().replace("_", " ") if name.isupper() else name  # a code, or words already


def _row(expiry: dict[str, Any]) -> tuple[str, ...]:
    head = (
        expiry["quoted"],
        expiry["date"],
        expiry["root"],
        f"{365.0 * expiry['time']:,.2f}",
        f"{expiry['options']:,}",
        f"{expiry['priced']:,}",
    )
    if expiry["reason"]:
        return (*head, *[""] * (len(_HEADINGS) - len(head) - 1), expiry["reason"])
    return (
        *head,
        _share(expiry["inside_share"]),
        f"{expiry['forward']:,.2f}",
        expiry["forward_source"],
        f"{expiry['rate']:.2%}",
        f"{expiry['carry']:.2%}" if expiry["exercise"] == "american" else "",
        f"{expiry['dividends']:,.4g}",
        f"{expiry['atm_iv']:.2%}" if expiry["atm_iv"] == expiry["atm_iv"] else "-",
        f"{expiry['inverted']:,}",
        _difference(expiry["iv_median"]),
        _difference(expiry["iv_p95"]),
        duration(expiry["seconds"]) if expiry["backend"] else "",
        expiry["backend"],
    )


def _difference(difference: float) -> str:
    return f"{difference:.5f}" if difference == difference else "-"


def _share(share: float) -> str:
    return f"{share:.1%}" if share == share else "-"
