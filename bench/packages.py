"""The libraries QuantForge is compared with, and what pip has to install for each."""

from __future__ import annotations

import sys
from dataclasses import dataclass

SPOT = ""
NO_DIVIDEND = "no dividend"
FORWARD = "the forward, no rates"
UNIT = "F = T = 1"
LOGARITHM = "ln(F/K)"
NORMALISED = "ln(F/K), prices over sqrt(F K)"


@dataclass(frozen=True)
class Library:
    """A library under the name it is printed by.

    Attributes
    ----------
    adapter : str
        The module of `bench.libraries` that asks it.
    requirements : tuple of str
        What pip is given, versions exact.
    takes : str
        The form of its inputs, and what makes its problem easier than that of ``SPOT``, where each
        option has its rate and dividend.
    remark : str
        What a reader of its figures has to know.
    greeks : str
        Which ones it returns.
    environment : str
        The environment in `bench/.venv`; versions that exclude each other have their own.
    spot : tuple of str
        Operations that take ``SPOT`` all the same.
    """

    name: str
    adapter: str
    requirements: tuple[str, ...]
    takes: str
    remark: str
    greeks: str = ""
    environment: str = "shared"
    spot: tuple[str, ...] = ()

    def form(self, operation: str) -> str:
        """Return what an operation of it takes."""
        return SPOT if operation in self.spot else self.takes


_NEEDS_BUILDING = sys.version_info < (3, 12)  # its wheel asks for a function of Python 3.12

_QUANTKIT = ("quantkit-rs==0.2.0",)
_QUANTLIB = ("QuantLib==1.44",)

PACKAGES = (
    Library(
        "quantkit-rs",
        "quantkit",
        _QUANTKIT,
        SPOT,
        "calls and puts sorted beforehand",
        "the first five, no price",
    ),
    Library(
        "polars-vol",
        "polars_vol",
        ("polars-vol==0.1.1", "polars==2.1.0"),
        NO_DIVIDEND,
        "given S e^(-qT) for the spot; normal distribution to 7 digits",
        "price and the first five",
    ),
    Library(
        "iv-engine",
        "iv_engine",
        ("iv-engine==0.1.1",),
        FORWARD,
        "calls and puts sorted beforehand; volatility given the forward without discount",
        "delta, gamma, vega, no price, a call each",
        spot=("price",),
    ),
    Library(
        "lbriv",
        "lbriv",
        ("lbriv==1.0.0", "scipy==1.17.1"),
        UNIT,
        "scaled to F = T = 1 and sorted into calls and puts beforehand; price in NumPy",
        "delta, gamma, vega, an option a call",
    ),
    Library(
        "pyvolr",
        "pyvolr",
        ("pyvolr==0.1.7",),
        SPOT,
        "Let's Be Rational in Rust",
        "the first five, no price",
    ),
    Library(
        "vanilla-option-pricers",
        "vanilla_option_pricers",
        ("vanilla-option-pricers==2.3.0", "numba==0.68.1"),
        UNIT,
        "scaled to F = T = 1 beforehand; volatilities sigma sqrt(T) from 0.01 to 5",
        "delta and vega",
    ),
    Library(
        "opengreeks",
        "opengreeks",
        ("opengreeks==0.2.0", *(("--no-binary=opengreeks",) if _NEEDS_BUILDING else ())),
        FORWARD,
        "one rate and kind for a batch: given the forward, no rates, sorted into calls and puts",
        "the first five, no price, a call each",
    ),
    Library(
        "fast-vollib",
        "fast_vollib",
        ("fast-vollib==0.2.4", "numba==0.68.1", "scipy==1.17.1", "pandas==3.1.1"),
        SPOT,
        "its Numba backend",
        "the first five, no price",
    ),
    Library(
        "py_vollib_vectorized",
        "py_vollib_vectorized",
        # later ones of the second hold nothing that Numba can compile
        (
            *("py_vollib_vectorized==0.1.1", "py_vollib==1.0.1", "py_lets_be_rational==1.0.1"),
            *("numba==0.68.1", "scipy==1.17.1", "pandas==3.1.1"),
        ),
        SPOT,
        "Let's Be Rational compiled by Numba",
        "the first five by finite differences, no price",
        environment="py_vollib",
    ),
    Library(
        "PyFENG",
        "pyfeng",
        ("pyfeng==0.5.0", "statsmodels==0.15.0", "scipy==1.17.1", "pandas==3.1.1"),
        FORWARD,
        "one rate for a batch: given the forward, no discount",
        "price, delta, gamma, vega, theta, a call each",
    ),
    Library(
        "QuantLib",
        "quantlib",
        _QUANTLIB,
        FORWARD,
        "an option a call, from a loop in Python, given the forward and sigma sqrt(T)",
        "price and the first five",
    ),
    Library(
        "lets-be-precise",
        "lets_be_precise",
        ("lets-be-precise==0.4.7",),
        UNIT,
        "an option a call, from a loop in Python; out of the money, scaled to F = T = 1 beforehand",
    ),
    Library(
        "lets-be-precise, ln(F/K)",
        "lets_be_precise_by_logarithm",
        ("lets-be-precise==0.4.7",),
        LOGARITHM,
        "the same functions given ln(F/K) and not the strike",
    ),
    Library(
        "LetsBeRational",
        "lets_be_rational",
        ("lets-be-precise==0.4.7",),
        NORMALISED,
        "Jäckel's own C++ as lets-be-precise binds it, given ln(F/K) and prices over sqrt(F K)",
    ),
    Library(
        "py_lets_be_rational",
        "py_lets_be_rational",
        ("py_lets_be_rational==1.1.2",),
        FORWARD,
        "Jäckel's method of 2013 in Python, an option a call, given the forward without discount",
    ),
)
"""All of them; `--peers` leaves out what cannot take options as they are quoted."""

AMERICAN = (
    Library(
        "QuantLib",
        "quantlib_american",
        _QUANTLIB,
        SPOT,
        "QdFpAmericanEngine, an option a call, from a loop in Python, its engine made beforehand",
    ),
    Library(
        "quantkit-rs",
        "quantkit_american",
        _QUANTKIT,
        SPOT,
        "binomial tree of Cox, Ross and Rubinstein, an option a call, from a loop in Python",
    ),
)
"""Those that price American options with a rate and dividend each, calls and puts."""

CONSTRAINTS = ("numpy==2.4.6",)
"""What all libraries of an environment share."""
