"""Columns as a frame of pandas, which is imported only here and only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame


def to_frame(columns: Mapping[str, Any]) -> DataFrame:
    """A DataFrame of columns of equal length; instants, which are in UTC, get their zone.

    Raises
    ------
    ModuleNotFoundError
        Without pandas.
    """
    import pandas

    frame = pandas.DataFrame(dict(columns))
    for name, values in columns.items():
        if isinstance(values, np.ndarray) and values.dtype == np.dtype("datetime64[s]"):
            frame[name] = frame[name].dt.tz_localize("UTC")
    return frame
