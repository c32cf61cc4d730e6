"""Every row of a priced chain, written to CSV or Parquet.

Columns: ``expiry root symbol kind strike bid ask last volume open_interest volatility delta
gamma`` as quoted; ``time`` in years, ``forward`` and ``rate`` of the expiry; the model's ``price``;
``inside``, whether it lies between bid and ask; ``reason``, why there is no price. An option
without a price keeps its row; what is missing is an empty field, or null in Parquet.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from quantforge.chain.pricing import PricedChain, Reason
from quantforge.tabular import write_columns

_QUOTED: Final = (
    "strike", "bid", "ask", "last", "volume", "open_interest", "volatility", "delta", "gamma",
)  # fmt: skip


def columns(priced: PricedChain) -> dict[str, Any]:
    """The columns of the output, each an array with an element per option."""
    chain, place = priced.chain, priced.expiries.of_option
    return {
        "expiry": chain.expiry,
        "root": chain.root,
        "symbol": chain.symbol,
        "kind": np.where(chain.kind > 0, "call", "put"),
        **{name: getattr(chain, name) for name in _QUOTED},
        "time": priced.expiries.time[place],
        "forward": priced.parity.forward[place],
        "rate": priced.parity.rate[place],
        "price": priced.price,
        "inside": priced.inside,
        "reason": np.array([reason.words for reason in Reason])[priced.reason],
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
