"""Option chains: read a quote file, fit its forwards, price and invert it, compare with the vendor.

>>> from quantforge.chain import SAMPLE, price_chain, read_chain
>>> priced = price_chain(read_chain(SAMPLE))
>>> priced.inside_share > 0.9
True
"""

from quantforge.chain.calendar import AM_ROOTS, EUROPEAN_ROOTS, Expiries, expiries
from quantforge.chain.cboe import SAMPLE, parse_chain, read_chain
from quantforge.chain.implied import Implied
from quantforge.chain.output import write_rows
from quantforge.chain.parity import Parity, fit_parity
from quantforge.chain.plot import draw, write_plot
from quantforge.chain.pricing import PricedChain, Reason, price_chain
from quantforge.chain.quotes import Chain, ChainError
from quantforge.chain.report import summary

__all__ = [
    "AM_ROOTS",
    "EUROPEAN_ROOTS",
    "SAMPLE",
    "Chain",
    "ChainError",
    "Expiries",
    "Implied",
    "Parity",
    "PricedChain",
    "Reason",
    "draw",
    "expiries",
    "fit_parity",
    "parse_chain",
    "price_chain",
    "read_chain",
    "summary",
    "write_plot",
    "write_rows",
]
