"""Option chains: read a quote file, fit its forwards, price and invert it, compare with the vendor.

>>> from quantforge.chain import SAMPLE, price, read
>>> priced = price(read(SAMPLE))
>>> priced.inside_share > 0.9
True
"""

from quantforge.chain.calendar import Expiries, expiries
from quantforge.chain.cash import Dividends, read_dividends
from quantforge.chain.fitting import Fit, fit
from quantforge.chain.forwards import ParityForward, parity_forward
from quantforge.chain.implied import Implied, invert
from quantforge.chain.output import write_rows
from quantforge.chain.plot import draw, write_plot
from quantforge.chain.pricing import PricedChain, Reason, price
from quantforge.chain.quotes import ChainError, Quotes
from quantforge.chain.readers.contract import Options, Reader
from quantforge.chain.readers.registry import readers
from quantforge.chain.reading import SAMPLE, read
from quantforge.chain.report import summary
from quantforge.chain.roots import AM_ROOTS, EUROPEAN_ROOTS

__all__ = [
    "AM_ROOTS",
    "EUROPEAN_ROOTS",
    "SAMPLE",
    "ChainError",
    "Dividends",
    "Expiries",
    "Fit",
    "Implied",
    "Options",
    "ParityForward",
    "PricedChain",
    "Quotes",
    "Reader",
    "Reason",
    "draw",
    "expiries",
    "fit",
    "invert",
    "parity_forward",
    "price",
    "read",
    "read_dividends",
    "readers",
    "summary",
    "write_plot",
    "write_rows",
]
