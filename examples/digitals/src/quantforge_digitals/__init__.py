"""Cash-or-nothing and asset-or-nothing options on a lognormal underlying, for QuantForge."""

import quantforge
from quantforge_digitals.operations import ASSET_OR_NOTHING, CASH_OR_NOTHING

__all__ = ["asset_or_nothing", "cash_or_nothing"]

asset_or_nothing = quantforge.function(ASSET_OR_NOTHING)
cash_or_nothing = quantforge.function(CASH_OR_NOTHING)
