"""Every row of a priced chain, written to CSV or Parquet.

``docs/cli.md`` explains the columns. An option without a price or volatility keeps its row. What is
missing is an empty field, or null in Parquet.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from quantforge import Code
from quantforge.chain.pricing import PricedChain, Reason
from quantforge.files.columns import write_columns

_QUOTED: Final = ("strike", "bid", "ask", "last", "volume", "open_interest")


def columns(priced: PricedChain) -> dict[str, Any]:
    """The columns of the output, each an array with an element per option."""
    chain, place, implied = priced.chain, priced.expiries.of_option, priced.implied
    return {
        "expiry": chain.expiry,
        "root": chain.root,
        "symbol": chain.symbol,
        "kind": np.where(chain.kind > 0, "call", "put"),
        **{name: getattr(chain, name) for name in _QUOTED},
        "vendor_iv": chain.volatility,
        "vendor_delta": chain.delta,
        "vendor_gamma": chain.gamma,
        "time": priced.expiries.time[place],
        "forward": priced.parity.forward[place],
        "rate": priced.parity.rate[place],
        "carry": priced.parity.carry[place],
        "price": priced.price,
        "inside": priced.inside,
        "reason": np.array([reason.words for reason in Reason])[priced.reason],
        "iv_bid": implied.bid,
        "iv_mid": implied.mid,
        "iv_ask": implied.ask,
        "iv_status": np.array([code.name for code in Code])[implied.code],
        **implied.greeks,
        "iv_difference": implied.difference["volatility"],
        "delta_difference": implied.difference["delta"],
        "gamma_difference": implied.difference["gamma"],
    }


def write_rows(priced: PricedChain, path: str | Path) -> None:
    """Write every option to `path`, a ``.csv`` or ``.parquet`` file, whole or not at all.

    Raises
    ------
    ValueError
        If the name ends otherwise.
    ModuleNotFoundError
        For Parquet without pyarrow.
    OSError
        If it cannot be written.
    """
    write_columns(columns(priced), Path(path))
