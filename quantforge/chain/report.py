"""The figures of a priced chain, as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np

from quantforge import Code
from quantforge.chain.early_exercise import SOLVED
from quantforge.chain.implied import vendor_difference
from quantforge.chain.pricing import PricedChain, Reason


def summary(priced: PricedChain) -> dict[str, Any]:
    """Figures of a priced chain, total and per expiry, as numbers, texts, lists and dicts.

    ``docs/cli.md`` explains the keys.
    """
    quotes = priced.quotes
    first, last = (quotes.local(each).isoformat() for each in quotes.times)
    counts = np.bincount(priced.reason, minlength=len(Reason))
    return {
        "source": quotes.source,
        "name": quotes.name,
        "quoted": first,
        "quoted_until": last,
        "american_roots": priced.american_roots,
        "remarks": priced.remarks,
        "options": len(quotes),
        "priced": int(counts[Reason.PRICED]),
        "unpriced": {reason.words: int(counts[reason]) for reason in Reason if reason},
        "compared": int(np.count_nonzero(priced.compared)),
        "inside": int(np.count_nonzero(priced.inside)),
        "inside_share": priced.inside_share,
        "implied": _implied(priced),
        "expiries": _expiries(priced),
    }


def _implied(priced: PricedChain) -> dict[str, Any]:
    implied = priced.implied
    codes = _by_name(implied.code)
    failures = _by_name(implied.code[implied.liquid])
    return {
        "inverted": int(np.count_nonzero(implied.solved)),
        "codes": codes,
        "liquid": int(np.count_nonzero(implied.liquid)),
        "failures": {
            name: count for name, count in failures.items() if Code[name] not in SOLVED and count
        },
        "off_vendor": {
            name: dict(
                zip(("median", "p95"), vendor_difference(values, implied.liquid), strict=True)
            )
            for name, values in implied.difference.items()
        },
    }


def _by_name(codes: Any) -> dict[str, int]:
    return {code.name: int(np.count_nonzero(codes == code)) for code in Code}


def _expiries(priced: PricedChain) -> list[dict[str, Any]]:
    found, fit, implied = priced.expiries, priced.fit, priced.implied
    compared, inside = priced.per_expiry(priced.compared), priced.per_expiry(priced.inside)
    differences = [
        vendor_difference(implied.difference["volatility"], rows)
        for rows in found.rows(implied.liquid)
    ]
    columns = {
        "quoted": [priced.quotes.local(each).isoformat() for each in found.quoted],
        "date": np.datetime_as_string(found.date).tolist(),
        "root": found.root.tolist(),
        "exercise": np.where(fit.american, "american", "european").tolist(),
        "time": found.time.tolist(),
        "options": found.options.tolist(),
        "priced": priced.per_expiry(priced.reason == Reason.PRICED).tolist(),
        "compared": compared.tolist(),
        "inside": inside.tolist(),
        "inside_share": (inside / np.where(compared > 0, compared, np.nan)).tolist(),
        "spot": found.spot.tolist(),
        "forward": fit.forward.tolist(),
        "forward_source": fit.source,
        "vendor_forward": priced.vendor_forward.tolist(),
        "vendor_time": priced.vendor_time.tolist(),
        "rate": fit.rate.tolist(),
        "rate_error": fit.rate_error.tolist(),
        "carry": fit.carry.tolist(),
        "dividends": found.cash.tolist(),
        "pairs": fit.pairs.tolist(),
        "atm_iv": implied.at_the_money.tolist(),
        "inverted": priced.per_expiry(implied.solved).tolist(),
        "liquid": priced.per_expiry(implied.liquid).tolist(),
        "iv_median": [median for median, _ in differences],
        "iv_p95": [high for _, high in differences],
        "reason": fit.reason,
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
