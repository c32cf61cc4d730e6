"""QuantLib's American options: its engine of Andersen, Lake and Offengenden, an option a call."""

import numpy as np
import QuantLib

from bench.libraries.task import Task

_DAYS = QuantLib.Actual365Fixed()
_TODAY = QuantLib.Date(1, 1, 2026)
_CALENDAR = QuantLib.NullCalendar()


def _prepared(option, scheme):
    """The option with an engine of its own; times are whole days over 365."""

    def curve(rate):
        flat = QuantLib.FlatForward(_TODAY, rate, _DAYS)
        return QuantLib.YieldTermStructureHandle(flat)

    spot, strike, time, rate, dividend, sigma, sign = option
    volatility = QuantLib.BlackConstantVol(_TODAY, _CALENDAR, sigma, _DAYS)
    process = QuantLib.BlackScholesMertonProcess(
        QuantLib.QuoteHandle(QuantLib.SimpleQuote(spot)),
        *(curve(dividend), curve(rate), QuantLib.BlackVolTermStructureHandle(volatility)),
    )
    kind = QuantLib.Option.Call if sign > 0 else QuantLib.Option.Put
    made = QuantLib.VanillaOption(
        QuantLib.PlainVanillaPayoff(kind, strike),
        QuantLib.AmericanExercise(_TODAY, _TODAY + round(365 * time)),
    )
    made.setPricingEngine(QuantLib.QdFpAmericanEngine(process, scheme))
    return made


def _price(option):
    """The price of a prepared option computed anew, NaN where QuantLib throws."""
    try:
        option.recalculate()
        return option.NPV()
    except RuntimeError:
        return np.nan


def _by_scheme(o, scheme):
    QuantLib.Settings.instance().evaluationDate = _TODAY
    columns = o.spot, o.strike, o.time, o.rate, o.dividend, o.sigma, o.sign
    lanes = zip(*(column.tolist() for column in columns), strict=True)
    options = [_prepared(lane, scheme) for lane in lanes]
    return Task(lambda: [_price(option) for option in options])


def american_fast(o):
    return _by_scheme(o, QuantLib.QdFpAmericanEngine.fastScheme())


def american_accurate(o):
    return _by_scheme(o, QuantLib.QdFpAmericanEngine.accurateScheme())


def american_high_precision(o):
    return _by_scheme(o, QuantLib.QdFpAmericanEngine.highPrecisionScheme())
