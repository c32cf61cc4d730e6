"""What there is to say about a priced chain, as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np

from quantforge.chain.pricing import PricedChain, Reason


def summary(priced: PricedChain) -> dict[str, Any]:
    """Counts of a priced chain, in all and per expiry, as numbers, texts, lists and dicts.

    ``docs/cli.md`` explains the keys.
    """
    chain = priced.chain
    counts = np.bincount(priced.reason, minlength=len(Reason))
    return {
        "source": chain.source,
        "name": chain.name,
        "quoted": chain.quoted.isoformat(),
        "spot": chain.spot,
        "options": len(chain),
        "priced": int(counts[Reason.PRICED]),
        "unpriced": {reason.words: int(counts[reason]) for reason in Reason if reason},
        "compared": int(np.count_nonzero(priced.compared)),
        "inside": int(np.count_nonzero(priced.inside)),
        "inside_share": priced.inside_share,
        "expiries": _expiries(priced),
    }


def _expiries(priced: PricedChain) -> list[dict[str, Any]]:
    found, parity = priced.expiries, priced.parity
    compared, inside = priced.per_expiry(priced.compared), priced.per_expiry(priced.inside)
    columns = {
        "date": np.datetime_as_string(found.date),
        "root": found.root,
        "time": found.time,
        "options": found.options,
        "priced": priced.per_expiry(priced.reason == Reason.PRICED),
        "compared": compared,
        "inside": inside,
        "inside_share": inside / np.where(compared > 0, compared, np.nan),
        "forward": parity.forward,
        "rate": parity.rate,
        "rate_error": parity.rate_error,
        "pairs": parity.pairs,
        "seconds": priced.seconds,
    }
    lists = [*(column.tolist() for column in columns.values()), parity.reason, priced.backends]
    names = (*columns, "reason", "backend")
    return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
