"""opengreeks: Rust; one kind, rate and dividend for an array, so the forward and no rates here."""

from opengreeks import black_scholes_merton as library

from bench.libraries.task import Task, by_kind


def price(o):
    def of_a_kind(o, sign):
        given = "c" if sign > 0 else "p", o.forward, o.strike, o.time, 0.0, o.sigma, 0.0
        return lambda: library.black_scholes_merton_array(*given)

    return by_kind(o, of_a_kind, read=lambda found: found * o.discount)


def greeks(o):
    """Delta, gamma, vega, theta and rho by the forward, a call each."""

    def of_a_kind(o, sign):
        given = "c" if sign > 0 else "p", o.forward, o.strike, o.time, 0.0, o.sigma, 0.0
        return lambda: (
            library.delta_array(*given),
            library.gamma_array(*given),
            library.vega_array(*given),
            library.theta_array(*given),
            library.rho_array(*given),
        )

    carried = o.forward / o.spot * o.discount

    def read(found):
        by_spot = carried, carried * o.forward / o.spot, 100.0 * o.discount
        named = zip(("delta", "gamma", "vega"), found.T[:3], by_spot, strict=True)
        return {name: values * factor for name, values, factor in named}

    return by_kind(o, of_a_kind, read=read)


def implied_volatility(o):
    def of_a_kind(o, sign):
        given = o.premium, o.forward, o.strike, o.time, 0.0, 0.0, "c" if sign > 0 else "p"
        return lambda: library.implied_volatility_array(*given)

    return by_kind(o, of_a_kind)


def price_of_one(o):
    given = o.flag, o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    return Task(lambda: library.black_scholes_merton(*given))


def greeks_of_one(o):
    given = o.flag, o.spot, o.strike, o.time, o.rate, o.sigma, o.dividend
    functions = library.delta, library.gamma, library.vega, library.theta, library.rho
    return Task(lambda: [function(*given) for function in functions])


def implied_volatility_of_one(o):
    given = o.price, o.spot, o.strike, o.time, o.rate, o.dividend, o.flag
    return Task(lambda: library.implied_volatility(*given))
