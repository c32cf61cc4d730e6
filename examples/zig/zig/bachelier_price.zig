//! European price on a normally distributed forward: the page's file `bachelier_price`.

const lanes = @import("lanes.zig");
const elementary = @import("elementary.zig");
const legs = @import("legs.zig");
const Result = @import("price.zig").Result;
const V = lanes.V;
const U = lanes.U;
const splat = lanes.splat;
const fma = lanes.fma;
const select = lanes.select;
const isnan = lanes.isnan;
const inf = lanes.inf;
const zero = lanes.zero;
const Reduced = elementary.Reduced;
const Sum = elementary.Sum;

pub inline fn bachelier_time_value(d: legs.Deviation, rest: elementary.Ratio, growth: V) V {
    const share = rest.p / rest.q;
    const value = fma(d.v, share, d.v_low * share);
    return fma(value, growth, value);
}

pub const BachelierTerms = struct {
    d: legs.Deviation,
    moneyness: Sum,
    r: Reduced,
    e: Reduced,
    h: V,
    growth: V,
    state: U,
};

pub inline fn bachelier_terms_general(
    forward: V,
    strike: V,
    time: V,
    rate: V,
    sigma: V,
    sign: V,
) BachelierTerms {
    const x = legs.discount_exponent(rate, time);
    const distance = elementary.two_sum(forward, -strike);
    const moneyness = Sum{
        .high = sign * distance.high,
        .low = elementary.finite_or_zero(sign * distance.low),
    };
    const d = legs.deviation_general(legs.magnitude(moneyness), time, sigma);
    var held = d;
    held.h = select(d.h < legs.PAST, d.h, legs.PAST);
    held.h_low = select(d.h < legs.PAST, d.h_low, zero);
    const e = elementary.gauss_exponent(held.h, held.h_low);
    const missing = isnan(forward) | isnan(strike) | isnan(time) | isnan(rate) | isnan(sigma);
    const negative = (time < zero) | (sigma < zero);
    const invalid = negative | isnan(d.v) | isnan(distance.high) | (@abs(rate) == inf);
    return .{
        .d = held,
        .moneyness = moneyness,
        .r = elementary.reduce(x.value, x.low),
        .e = e,
        .h = d.h,
        .growth = elementary.exp_minus_1(e.r),
        .state = legs.state_of(missing, invalid) | legs.sign_state(sign),
    };
}

pub inline fn bachelier_price_general(n: BachelierTerms, time: V, rate: V) V {
    const intrinsic = elementary.at_least(n.moneyness.high, zero);
    const settled = (n.d.v == zero) | (@abs(n.moneyness.high) == inf);
    const endless = (n.d.v == inf) & !settled;
    const end = select((time == inf) & (rate > zero), zero, inf);
    const time_value = bachelier_time_value(n.d, elementary.loss(n.d.h), n.growth);
    const term = select(settled, zero, time_value);
    const in_the_money = intrinsic > zero;
    const held = term * elementary.power_of_two(elementary.at_least(n.e.n, splat(-1000.0)));
    const value = select(in_the_money, intrinsic + (n.moneyness.low + held), term);
    const exponent = select(in_the_money, n.r.n, n.r.n + n.e.n);
    const discounted = elementary.times_power(elementary.times_exp(value, n.r.r), exponent);
    return select(endless, end, select(value == inf, value, discounted));
}

pub fn bachelier_price(x: [6]V) Result {
    const forward, const strike, const time, const rate, const sigma, const sign = x;
    const terms = bachelier_terms_general(forward, strike, time, rate, sigma, sign);
    const value = bachelier_price_general(terms, time, rate);
    return .{
        .value = select(terms.state != lanes.integer(0), legs.not_a_number, value),
        .state = terms.state,
    };
}
