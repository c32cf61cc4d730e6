//! The two legs of a European option and how far apart they are: the first half of every
//! operation on a lognormal underlying.
//!
//!     A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v,  t = v / 2
//!
//! ln(A/B) = ln(S/K) + rT - qT is a sum of two numbers, so that large rates cancel without loss, and
//! near = h - t carries what rounding took from it: far from the forward the price is e^(-near^2/2),
//! which multiplies a relative error of near by its square.
//!
//! `legs_ordinary` assumes that every number stays normal and says where it may not;
//! `legs_general` keeps exponents apart. Where the first holds both have the same digits.

use crate::elementary::{
    Aligned, Mills, Reduced, Sum, aligned, at_least, at_most, exp_minus_1, finite_or_zero, fma,
    gauss_exponent, log_argument, log_ratio_fine, log_ratio_sum, mills, power_of_two, reduce,
    shift_exponent, two_sum, two_to,
};
use crate::tables::{INV_SQRT_2PI, MILLS_FROM};

/// The one NaN of every result.
pub const NOT_A_NUMBER: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// Of one lane, two bits: NaN came in, or the inputs lie outside the domain. It is as wide as a
/// number, so that a vector holds as many of both.
pub type State = i64;
const MISSING: State = 1;
pub const INVALID: State = 2;

#[inline(always)]
pub fn state_of(missing: bool, invalid: bool) -> State {
    (if missing { MISSING } else { 0 }) | (if invalid { INVALID } else { 0 })
}

#[inline(always)]
pub fn sign_state(sign: f64) -> State {
    state_of(sign.is_nan(), sign.abs() != 1.0)
}

#[inline(always)]
pub fn sigma_state(sigma: f64, v: f64) -> State {
    state_of(sigma.is_nan(), (sigma < 0.0) | v.is_nan())
}

/// A and B and what rounding took from them, y = ln(A/B), bend |s|^3 of the logarithm: the error of y
/// is less than 2^-55 of it; load is |rT| + |qT|.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Legs {
    pub a: f64,
    pub a_low: f64,
    pub b: f64,
    pub b_low: f64,
    pub y: Sum,
    pub bend: f64,
    pub load: f64,
}

/// With exponents of their own; y_fine is y to twice the precision; r and q are the discount
/// exponents -rT and -qT.
pub struct GeneralLegs {
    pub a: f64,
    pub a_exponent: f64,
    pub a_low: f64,
    pub b: f64,
    pub b_exponent: f64,
    pub b_low: f64,
    pub y: Sum,
    pub y_fine: Sum,
    pub bend: f64,
    pub r: Reduced,
    pub q: Reduced,
    pub state: State,
}

/// ln(S/K) + rT - qT: what cancels cancels exactly, and the remainders are added last.
#[inline(always)]
fn log_moneyness(ratio: Sum, rt: f64, rt_low: f64, qt: f64, qt_low: f64) -> Sum {
    let carry = two_sum(rt, -qt);
    let whole = two_sum(ratio.high, carry.high);
    let low = ((whole.low + carry.low) + (rt_low - qt_low)) + ratio.low;
    let high = whole.high + low;
    Sum { high, low: low - (high - whole.high) }
}

#[inline(always)]
pub fn legs_ordinary(spot: f64, strike: f64, time: f64, rate: f64, dividend: f64) -> Legs {
    let rt = rate * time;
    let rt_low = fma(rate, time, -rt);
    let qt = dividend * time;
    let qt_low = fma(dividend, time, -qt);
    let r = reduce(-rt, -rt_low);
    let q = reduce(-qt, -qt_low);
    let growth_a = exp_minus_1(q.r);
    let growth_b = exp_minus_1(r.r);
    let a = fma(spot, growth_a, spot);
    let b = fma(strike, growth_b, strike);
    let near = aligned(spot, strike);
    let s = log_argument(spot, near);
    let y = log_moneyness(log_ratio_sum(s, near.n), rt, rt_low, qt, qt_low);
    Legs {
        a: shift_exponent(a, q.n_magic),
        a_low: fma(spot, growth_a, spot - a) * shift_exponent(1.0, q.n_magic),
        b: shift_exponent(b, r.n_magic),
        b_low: fma(strike, growth_b, strike - b) * shift_exponent(1.0, r.n_magic),
        y,
        bend: s.high.abs() * (s.high * s.high),
        load: rt.abs() + qt.abs(),
    }
}

/// h = k / v, and what rounding took from it and from v = sigma sqrt(T); root is sqrt(T).
#[derive(Clone, Copy)]
pub struct Deviation {
    pub h: f64,
    pub h_low: f64,
    pub v: f64,
    pub v_low: f64,
    pub per_v: f64,
    pub root: f64,
}

/// The remainders are those of the square root, of the product and of the division.
#[inline(always)]
pub fn deviation_ordinary(k: Sum, time: f64, sigma: f64) -> Deviation {
    let root = time.sqrt();
    let v = sigma * root;
    let per_v = 1.0 / v;
    let h = k.high * per_v;
    let root_rest = (sigma * per_v) * fma(-root, root, time);
    let v_low = fma(0.5 * sigma, root_rest, fma(sigma, root, -v));
    let h_low = per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low);
    Deviation { h, h_low, v, v_low, per_v, root }
}

/// |x|
#[inline(always)]
pub fn magnitude(x: Sum) -> Sum {
    Sum { high: x.high.abs(), low: x.low * 1f64.copysign(x.high) }
}

/// x t and the rest that rounding took from it; and for the exponential -x t, held within +-4000,
/// past which e^-xt is 0 or infinite for every leg. A zero rate discounts nothing, even for ever.
pub struct Exponent {
    pub product: f64,
    pub rest: f64,
    pub value: f64,
    pub low: f64,
}

#[inline(always)]
pub fn discount_exponent(x: f64, time: f64) -> Exponent {
    let xt = if x == 0.0 { 0.0 } else { x * time };
    let rest = finite_or_zero(if x == 0.0 { 0.0 } else { fma(x, time, -xt) });
    let within = xt.abs() < 4000.0;
    let cut = if xt < 0.0 { 4000.0 } else { -4000.0 };
    Exponent {
        product: xt,
        rest,
        value: if within { -xt } else { cut },
        low: if within { -rest } else { 0.0 },
    }
}

/// x = mantissa 2^exponent, mantissa in [1, 2); zero and infinity, the ends, have an exponent beyond
/// all others.
pub struct Scaled {
    pub x: f64,
    pub mantissa: f64,
    pub exponent: f64,
    pub end: bool,
}

#[inline(always)]
pub fn scaled(x: f64) -> Scaled {
    const FRACTION: u64 = (1 << 52) - 1;
    let subnormal = x < f64::MIN_POSITIVE;
    let infinite = x == f64::INFINITY;
    let bits = (if subnormal { x * two_to(54) } else { x }).to_bits();
    let exponent = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_371_519.0;
    let exponent = if subnormal { exponent - 54.0 } else { exponent };
    let end = (x == 0.0) | infinite;
    let beyond = if infinite { 20000.0 } else { -20000.0 };
    Scaled {
        x,
        mantissa: f64::from_bits((bits & FRACTION) | 1.0f64.to_bits()),
        exponent: if end { beyond } else { exponent },
        end,
    }
}

/// The mantissa of x e^r and what rounding took from it; zero and infinity stay what they are.
struct Discounted {
    value: f64,
    low: f64,
}

#[inline(always)]
fn discounted(s: &Scaled, r: f64) -> Discounted {
    let growth = exp_minus_1(r);
    let value = fma(s.mantissa, growth, s.mantissa);
    let low = fma(s.mantissa, growth, s.mantissa - value);
    Discounted { value: if s.end { s.x } else { value }, low: if s.end { 0.0 } else { low } }
}

#[inline(always)]
pub fn legs_general(spot: f64, strike: f64, time: f64, rate: f64, dividend: f64) -> GeneralLegs {
    let rx = discount_exponent(rate, time);
    let qx = discount_exponent(dividend, time);
    let r = reduce(rx.value, rx.low);
    let q = reduce(qx.value, qx.low);
    let s = scaled(spot);
    let k = scaled(strike);
    let near = aligned(s.mantissa, k.mantissa);
    let near = Aligned { n: near.n + (s.exponent - k.exponent), ..near };
    let argument = log_argument(s.mantissa, near);
    let ratio = log_ratio_sum(argument, near.n);
    let fine = log_ratio_fine(argument, near.n);
    let y = log_moneyness(ratio, rx.product, rx.rest, qx.product, qx.rest);
    let y_fine = log_moneyness(fine, rx.product, rx.rest, qx.product, qx.rest);
    let coarse = ratio.high + (rx.product - qx.product); // no NaN where that is infinite
    let missing =
        spot.is_nan() | strike.is_nan() | time.is_nan() | rate.is_nan() | dividend.is_nan();
    let invalid = (spot < 0.0)
        | (strike < 0.0)
        | (time < 0.0)
        | ((spot == f64::INFINITY) & (strike == f64::INFINITY))
        | (rate.abs() == f64::INFINITY)
        | (dividend.abs() == f64::INFINITY);
    let a = discounted(&s, q.r);
    let b = discounted(&k, r.r);
    let a_exponent = s.exponent + q.n;
    let b_exponent = k.exponent + r.n;
    let coarse = if coarse.is_nan() { 0.0 } else { coarse }; // both legs are 0 or infinite
    let coarse = if s.end | k.end { a_exponent - b_exponent } else { coarse };
    let finite = y.high.is_finite() & !(s.end | k.end);
    let bend = argument.high.abs() * (argument.high * argument.high);
    GeneralLegs {
        a: a.value,
        a_exponent,
        a_low: a.low,
        b: b.value,
        b_exponent,
        b_low: b.low,
        y: Sum {
            high: if finite { y.high } else { coarse },
            low: if finite { y.low } else { 0.0 },
        },
        y_fine: Sum {
            high: if finite { y_fine.high } else { coarse },
            low: if finite { y_fine.low } else { 0.0 },
        },
        bend: if finite { bend } else { 0.0 },
        r,
        q,
        state: state_of(missing, invalid),
    }
}

/// The limits of h: 0 at the money even without volatility, and where that is endless.
#[inline(always)]
pub fn deviation_general(k: Sum, time: f64, sigma: f64) -> Deviation {
    let root = time.sqrt();
    let v = (sigma * root).abs(); // -0 is 0
    let scale = if v < two_to(-500) { two_to(500) } else { 1.0 };
    let per = 1.0 / (v * scale);
    let per_v = per * scale;
    let level = (v == f64::INFINITY) | (k.high == 0.0);
    let h = if level { 0.0 } else { (k.high * scale) * per };
    let root_rest = (sigma * per_v) * fma(-root, root, time);
    let v_low = finite_or_zero(fma(0.5 * sigma, root_rest, fma(sigma, root, -v)));
    let h_low = finite_or_zero(per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low));
    Deviation { h, h_low, v, v_low, per_v, root }
}

/// Beyond it phi and phi M are less than the least double.
pub const PAST: f64 = 54.0;

/// near = h - t and far = h + t, with what rounding took from them, and `width`, what it took from
/// far - near beside v.
struct Points {
    near: f64,
    near_low: f64,
    far: f64,
    far_low: f64,
    width: f64,
}

/// The normal distribution at those points: -near^2/2 and e^r - 1 of it, and the Mills ratios, at
/// |near| where near is not `within` their range; x is near within, |near| without, and the losses
/// are -M' at x and far.
pub struct Tails {
    pub m: Mills,
    pub e: Reduced,
    pub near: f64,
    pub near_low: f64,
    pub far: f64,
    pub far_low: f64,
    pub width: f64,
    pub x: f64,
    pub growth: f64,
    pub near_loss: f64,
    pub far_loss: f64,
    pub within: bool,
}

#[inline(always)]
fn tails(d: &Deviation) -> Points {
    let t = 0.5 * d.v;
    let near = two_sum(d.h, -t);
    let far = two_sum(d.h, t);
    Points {
        near: near.high,
        near_low: d.h_low + fma(-0.5, d.v_low, near.low),
        far: far.high,
        far_low: d.h_low + fma(0.5, d.v_low, far.low),
        width: near.low - far.low,
    }
}

/// The rest of them, by near and far.
#[inline(always)]
fn tails_at(points: Points) -> Tails {
    let Points { near, near_low, far, far_low, width } = points;
    let within = near > MILLS_FROM;
    let x = if within { near } else { -near };
    let e = gauss_exponent(near, near_low);
    let growth = exp_minus_1(e.r);
    let m = mills(x, far);
    let near_loss = fma(-x, m.near, INV_SQRT_2PI);
    let far_loss = fma(-far, m.far, INV_SQRT_2PI);
    Tails { m, e, near, near_low, far, far_low, width, x, growth, near_loss, far_loss, within }
}

#[inline(always)]
pub fn tails_ordinary(d: &Deviation) -> Tails {
    tails_at(tails(d))
}

/// Past PAST there is nothing to correct; M is right to infinity, but not at it.
#[inline(always)]
pub fn tails_general(d: &Deviation) -> Tails {
    let points = tails(d);
    let short = (points.near.abs() < PAST) & (points.far < two_to(50));
    tails_at(Points {
        near: at_most(at_least(points.near, -PAST), PAST),
        near_low: if short { points.near_low } else { 0.0 },
        far: at_most(points.far, two_to(50)),
        far_low: if short { points.far_low } else { 0.0 },
        width: if short { points.width } else { 0.0 },
    })
}

/// Whether the error of y, at most 2^-55 bend, costs the price less than a rounding: it
/// counts |near| / v times.
#[inline(always)]
pub fn is_straight(bend: f64, x: f64, v: f64) -> bool {
    fma(bend, x.abs(), bend) < 4.0 * v
}

/// How far the legs are apart, by the finer logarithm where the other's error would tell.
pub struct Separation {
    pub y: Sum,
    pub d: Deviation,
    pub at: Tails,
}

#[inline(always)]
pub fn separation_general(legs: &GeneralLegs, time: f64, sigma: f64) -> Separation {
    let d = deviation_general(magnitude(legs.y), time, sigma);
    let straight = is_straight(legs.bend, tails_general(&d).near, d.v);
    let y = Sum {
        high: if straight { legs.y.high } else { legs.y_fine.high },
        low: if straight { legs.y.low } else { legs.y_fine.low },
    };
    let d = deviation_general(magnitude(y), time, sigma);
    Separation { y, d, at: tails_general(&d) }
}

/// Both legs beside the exponent of the greater one.
pub struct CommonScale {
    pub a: f64,
    pub b: f64,
    pub a_scale: f64,
    pub b_scale: f64,
    pub top: f64,
}

#[inline(always)]
pub fn on_common_scale(legs: &GeneralLegs) -> CommonScale {
    let top = at_least(legs.a_exponent, legs.b_exponent);
    let a_scale = power_of_two(at_least(legs.a_exponent - top, -1000.0));
    let b_scale = power_of_two(at_least(legs.b_exponent - top, -1000.0));
    CommonScale { a: legs.a * a_scale, b: legs.b * b_scale, a_scale, b_scale, top }
}
