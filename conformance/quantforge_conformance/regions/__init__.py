"""The regions of option space in which accuracy is promised, and how to draw from each.

"sd" is the distance of the strike from the forward in standard deviations, |ln(F/K)| / (sigma
sqrt(T)), under Bachelier's model |F - K| / (sigma sqrt(T)). Calls and puts alternate. Greeks are
promised in the regions of the price, those of American options where there is one boundary.
"""

from quantforge_conformance.regions.american_implied_volatility import (
    REGIONS as AMERICAN_IMPLIED_VOLATILITY,
)
from quantforge_conformance.regions.american_price import GREEKS as AMERICAN_GREEKS
from quantforge_conformance.regions.american_price import REGIONS as AMERICAN_PRICE
from quantforge_conformance.regions.bachelier_implied_volatility import (
    REGIONS as BACHELIER_IMPLIED_VOLATILITY,
)
from quantforge_conformance.regions.bachelier_price import REGIONS as BACHELIER_PRICE
from quantforge_conformance.regions.exercise_boundary import REGIONS as EXERCISE_BOUNDARY
from quantforge_conformance.regions.implied_volatility import REGIONS as IMPLIED_VOLATILITY
from quantforge_conformance.regions.price import REGIONS as PRICE
from quantforge_conformance.regions.region import Draw, Region

__all__ = [
    "AMERICAN_GREEKS",
    "AMERICAN_IMPLIED_VOLATILITY",
    "AMERICAN_PRICE",
    "BACHELIER_IMPLIED_VOLATILITY",
    "BACHELIER_PRICE",
    "EXERCISE_BOUNDARY",
    "IMPLIED_VOLATILITY",
    "PRICE",
    "Draw",
    "Region",
]
