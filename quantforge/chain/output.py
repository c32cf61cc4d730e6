"""Every row of a priced chain, written to CSV or Parquet.

``docs/cli.md`` explains the columns. An option without a price or volatility keeps its row. What
is missing is an empty field, or null in Parquet. The time of the quotes is text, in UTC.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quantforge.chain.pricing import PricedChain
from quantforge.files.columns import write_columns


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
    columns = priced.columns()
    columns["quoted"] = np.datetime_as_string(columns["quoted"], timezone="UTC")
    write_columns(columns, Path(path))
