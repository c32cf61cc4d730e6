//! The legs of an option and how far apart they are: the page's file `legs`.

const lanes = @import("lanes.zig");
const elementary = @import("elementary.zig");
const tables = @import("tables.zig");
const V = lanes.V;
const U = lanes.U;
const Mask = lanes.Mask;
const splat = lanes.splat;
const integer = lanes.integer;
const fma = lanes.fma;
const select = lanes.select;
const isnan = lanes.isnan;
const toBits = lanes.toBits;
const fromBits = lanes.fromBits;
const inf = lanes.inf;
const zero = lanes.zero;
const one = lanes.one;
const Mills = elementary.Mills;
const Reduced = elementary.Reduced;
const Sum = elementary.Sum;
const at_least = elementary.at_least;
const at_most = elementary.at_most;
const finite_or_zero = elementary.finite_or_zero;
const two_sum = elementary.two_sum;

pub const not_a_number = fromBits(integer(0x7ff8000000000000));
pub const MISSING = integer(1);
pub const INVALID = integer(2);
pub const PAST = splat(54.0);

pub inline fn state_of(missing: Mask, invalid: Mask) U {
    return select(missing, MISSING, integer(0)) | select(invalid, INVALID, integer(0));
}

pub inline fn sign_state(sign: V) U {
    return state_of(isnan(sign), @abs(sign) != one);
}

pub inline fn sigma_state(sigma: V, v: V) U {
    return state_of(isnan(sigma), (sigma < zero) | isnan(v));
}

pub const Legs = struct {
    a: V,
    a_exponent: V,
    a_low: V,
    b: V,
    b_exponent: V,
    b_low: V,
    y: Sum,
    y_fine: Sum,
    bend: V,
    r: Reduced,
    q: Reduced,
    state: U,
};

pub inline fn log_moneyness(ratio: Sum, rt: V, rt_low: V, qt: V, qt_low: V) Sum {
    const carry = two_sum(rt, -qt);
    const whole = two_sum(ratio.high, carry.high);
    const low = ((whole.low + carry.low) + (rt_low - qt_low)) + ratio.low;
    const high = whole.high + low;
    return .{ .high = high, .low = low - (high - whole.high) };
}

pub const Deviation = struct { h: V, h_low: V, v: V, v_low: V, per_v: V, root: V };

pub inline fn magnitude(x: Sum) Sum {
    return .{ .high = @abs(x.high), .low = x.low * lanes.copysign(one, x.high) };
}

pub const Exponent = struct { product: V, rest: V, value: V, low: V };

pub inline fn discount_exponent(x: V, time: V) Exponent {
    const none = x == zero;
    const xt = select(none, zero, x * time);
    const rest = finite_or_zero(select(none, zero, fma(x, time, -xt)));
    const held = @abs(xt) < splat(4000.0);
    const end = select(xt < zero, splat(4000.0), splat(-4000.0));
    return .{
        .product = xt,
        .rest = rest,
        .value = select(held, -xt, end),
        .low = select(held, -rest, zero),
    };
}

pub const Scaled = struct { x: V, mantissa: V, exponent: V, end: Mask };

pub inline fn scaled(x: V) Scaled {
    const subnormal = x < splat(0x1p-1022);
    const bits = toBits(select(subnormal, x * splat(0x1p54), x));
    const mantissa = fromBits((bits & integer((1 << 52) - 1)) | toBits(one));
    const end = (x == zero) | (x == inf);
    const beyond = select(x != zero, splat(20000.0), splat(-20000.0));
    const exponent = fromBits((bits >> @splat(52)) | integer(0x4330000000000000)) -
        splat(4503599627371519.0);
    const inside = select(subnormal, exponent - splat(54.0), exponent);
    return .{
        .x = x,
        .mantissa = mantissa,
        .exponent = select(end, beyond, inside),
        .end = end,
    };
}

pub const Discounted = struct { value: V, low: V };

pub inline fn discounted(s: Scaled, r: V) Discounted {
    const growth = elementary.exp_minus_1(r);
    const value = fma(s.mantissa, growth, s.mantissa);
    const low = fma(s.mantissa, growth, s.mantissa - value);
    return .{ .value = select(s.end, s.x, value), .low = select(s.end, zero, low) };
}

pub inline fn legs_general(spot: V, strike: V, time: V, rate: V, dividend: V) Legs {
    const rx = discount_exponent(rate, time);
    const qx = discount_exponent(dividend, time);
    const r = elementary.reduce(rx.value, rx.low);
    const q = elementary.reduce(qx.value, qx.low);
    const s = scaled(spot);
    const k = scaled(strike);
    const near = elementary.aligned(s.mantissa, k.mantissa);
    const argument = elementary.log_argument(s.mantissa, near);
    const n = near.n + (s.exponent - k.exponent);
    const ratio = elementary.log_ratio_sum(argument, n);
    const fine = elementary.log_ratio_fine(argument, n);
    const y = log_moneyness(ratio, rx.product, rx.rest, qx.product, qx.rest);
    const y_fine = log_moneyness(fine, rx.product, rx.rest, qx.product, qx.rest);
    const bend = @abs(argument.high) * (argument.high * argument.high);
    const a = discounted(s, q.r);
    const b = discounted(k, r.r);
    const a_exponent = s.exponent + q.n;
    const b_exponent = k.exponent + r.n;
    const ends = s.end | k.end;
    const coarse = ratio.high + (rx.product - qx.product);
    const endless = (y.high - y.high) != zero;
    const limit = Sum{
        .high = select(ends, a_exponent - b_exponent, select(isnan(coarse), zero, coarse)),
        .low = zero,
    };
    const missing = isnan(spot) | isnan(strike) | isnan(time) | isnan(rate) | isnan(dividend);
    const negative = (spot < zero) | (strike < zero) | (time < zero);
    const infinite = (@abs(rate) == inf) | (@abs(dividend) == inf);
    return .{
        .a = a.value,
        .a_exponent = a_exponent,
        .a_low = a.low,
        .b = b.value,
        .b_exponent = b_exponent,
        .b_low = b.low,
        .y = select(ends | endless, limit, y),
        .y_fine = select(ends | endless, limit, y_fine),
        .bend = select(ends | endless, zero, bend),
        .r = r,
        .q = q,
        .state = state_of(missing, negative | ((spot == strike) & (strike == inf)) | infinite),
    };
}

pub inline fn deviation_general(k: Sum, time: V, sigma: V) Deviation {
    const root = @sqrt(time);
    const v = @abs(sigma * root);
    const scale = select(v < splat(0x1p-500), splat(0x1p500), one);
    const per = one / (v * scale);
    const per_v = per * scale;
    const h = select((v == inf) | (k.high == zero), zero, (k.high * scale) * per);
    const root_rest = (sigma * per_v) * fma(-root, root, time);
    const v_low = finite_or_zero(fma(splat(0.5) * sigma, root_rest, fma(sigma, root, -v)));
    const h_low = finite_or_zero(per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low));
    return .{ .h = h, .h_low = h_low, .v = v, .v_low = v_low, .per_v = per_v, .root = root };
}

pub const Points = struct { near: V, near_low: V, far: V, far_low: V, width: V };

pub const Tails = struct {
    m: Mills,
    e: Reduced,
    near: V,
    near_low: V,
    far: V,
    far_low: V,
    width: V,
    x: V,
    growth: V,
    near_loss: V,
    far_loss: V,
    within: Mask,
};

pub inline fn tails(d: Deviation) Points {
    const t = splat(0.5) * d.v;
    const near = two_sum(d.h, -t);
    const far = two_sum(d.h, t);
    return .{
        .near = near.high,
        .near_low = d.h_low + fma(splat(-0.5), d.v_low, near.low),
        .far = far.high,
        .far_low = d.h_low + fma(splat(0.5), d.v_low, far.low),
        .width = near.low - far.low,
    };
}

pub inline fn tails_at(points: Points) Tails {
    const within = points.near > splat(tables.MILLS_FROM);
    const x = select(within, points.near, -points.near);
    const e = elementary.gauss_exponent(points.near, points.near_low);
    const m = elementary.mills(x, points.far);
    return .{
        .m = m,
        .e = e,
        .near = points.near,
        .near_low = points.near_low,
        .far = points.far,
        .far_low = points.far_low,
        .width = points.width,
        .x = x,
        .growth = elementary.exp_minus_1(e.r),
        .near_loss = fma(-x, m.near, splat(tables.INV_SQRT_2PI)),
        .far_loss = fma(-points.far, m.far, splat(tables.INV_SQRT_2PI)),
        .within = within,
    };
}

pub inline fn tails_general(d: Deviation) Tails {
    const p = tails(d);
    const kept = (@abs(p.near) < PAST) & (p.far < splat(0x1p50));
    return tails_at(.{
        .near = at_most(at_least(p.near, -PAST), PAST),
        .near_low = select(kept, p.near_low, zero),
        .far = at_most(p.far, splat(0x1p50)),
        .far_low = select(kept, p.far_low, zero),
        .width = select(kept, p.width, zero),
    });
}

pub inline fn is_straight(bend: V, x: V, v: V) Mask {
    return fma(bend, @abs(x), bend) < (splat(4.0) * v);
}

pub const Separation = struct { y: Sum, d: Deviation, at: Tails };

inline fn separation_by(y: Sum, time: V, sigma: V) Separation {
    const d = deviation_general(magnitude(y), time, sigma);
    return .{ .y = y, .d = d, .at = tails_general(d) };
}

pub fn separation_general(legs: Legs, time: V, sigma: V) Separation {
    const coarse = separation_by(legs.y, time, sigma);
    const straight = is_straight(legs.bend, coarse.at.near, coarse.d.v);
    if (!lanes.any(!straight)) return coarse; // no lane wants the finer one
    return select(straight, coarse, separation_by(legs.y_fine, time, sigma));
}

pub const CommonScale = struct { a: V, b: V, a_scale: V, b_scale: V, top: V };

pub inline fn on_common_scale(legs: Legs) CommonScale {
    const top = at_least(legs.a_exponent, legs.b_exponent);
    const a_scale = elementary.power_of_two(at_least(legs.a_exponent - top, splat(-1000.0)));
    const b_scale = elementary.power_of_two(at_least(legs.b_exponent - top, splat(-1000.0)));
    return .{
        .a = legs.a * a_scale,
        .b = legs.b * b_scale,
        .a_scale = a_scale,
        .b_scale = b_scale,
        .top = top,
    };
}
