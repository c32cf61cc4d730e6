//! European price on a lognormal underlying: the page's file `price`.

const lanes = @import("lanes.zig");
const elementary = @import("elementary.zig");
const legs_ = @import("legs.zig");
const V = lanes.V;
const U = lanes.U;
const splat = lanes.splat;
const fma = lanes.fma;
const select = lanes.select;
const inf = lanes.inf;
const zero = lanes.zero;
const one = lanes.one;
const at_least = elementary.at_least;
const at_most = elementary.at_most;
const power_of_two = elementary.power_of_two;
const Legs = legs_.Legs;

/// A result, and which lanes are NaN for what reason.
pub const Result = struct { value: V, state: U };

pub inline fn time_value(d: legs_.Deviation, at: legs_.Tails) V {
    const low = fma(at.far_loss, at.far_low, -(at.near_loss * at.near_low));
    const inside = fma(d.v, at.m.slope, fma(at.width, at.m.slope, low));
    const factor = select(at.within, inside, low - (at.m.near + at.m.far));
    return fma(factor, at.growth, factor);
}

pub const Price = struct { value: V, exponent: V };

/// One of the two legs, for the option.
const Leg = struct { mantissa: V, low: V, exponent: V, common: V };

pub inline fn price_general(legs: Legs, separation: legs_.Separation, sign: V) Price {
    const common = legs_.on_common_scale(legs);
    const d = separation.d;
    const at = separation.at;
    const a_low = legs.a_low * common.a_scale;
    const b_low = legs.b_low * common.b_scale;
    const a = Leg{ .mantissa = legs.a, .low = legs.a_low, .exponent = legs.a_exponent, .common = common.a };
    const b = Leg{ .mantissa = legs.b, .low = legs.b_low, .exponent = legs.b_exponent, .common = common.b };
    const below = separation.y.high < zero;
    const least = select(below, a, b);
    const most_common = select(below, common.b, common.a);
    const moneyness = select(below, -sign, sign);
    const gap_low = select(below, b_low - a_low, a_low - b_low);

    const nothing = (common.a == zero) | (common.b == zero);
    const settled = (d.v == zero) | nothing | (common.a == inf) | (common.b == inf);
    const whole = (d.v == inf) & !settled;
    const call = sign > zero;
    const leg = Price{
        .value = select(call, legs.a, legs.b),
        .exponent = select(call, legs.a_exponent, legs.b_exponent),
    };

    const part = time_value(d, at);
    const exponent = select(at.within, least.exponent + at.e.n, least.exponent);
    const complement = one + (part * power_of_two(at_least(at.e.n, splat(-1000.0))));
    const factor = select(settled, zero, select(at.within, part, complement));
    const low = least.low * factor;
    const out_of_the_money = Price{
        .value = at_least(fma(least.mantissa, factor, low), zero),
        .exponent = exponent,
    };

    const gap = most_common - least.common;
    const bounded = at_most(at_least(exponent - common.top, splat(-1000.0)), splat(1000.0));
    const scale = power_of_two(bounded);
    const gap_rest = ((most_common - gap) - least.common) + gap_low;
    const value = gap + fma(least.mantissa * scale, factor, (low * scale) + gap_rest);
    const in_the_money = Price{
        .value = select(most_common == inf, inf, at_least(value, zero)),
        .exponent = common.top,
    };
    return select(whole, leg, select(moneyness > zero, in_the_money, out_of_the_money));
}

pub fn price(x: [7]V) Result {
    const spot, const strike, const time, const rate, const dividend, const sigma, const sign = x;
    const legs = legs_.legs_general(spot, strike, time, rate, dividend);
    const separation = legs_.separation_general(legs, time, sigma);
    const state = (legs.state | legs_.sigma_state(sigma, separation.d.v)) | legs_.sign_state(sign);
    const found = price_general(legs, separation, sign);
    const value = elementary.times_power(found.value, found.exponent);
    return .{ .value = select(state != lanes.integer(0), legs_.not_a_number, value), .state = state };
}
