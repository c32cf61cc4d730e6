/* The two legs of a European option and how far apart they are: the first half of every kernel on
 * a lognormal underlying.
 *
 *     A = S e^(-qT),  B = K e^(-rT),  v = sigma sqrt(T),  h = |ln(A/B)| / v,  t = v / 2
 *
 * ln(A/B) = ln(S/K) + rT - qT is a sum of two numbers, so that large rates cancel without loss, and
 * near = h - t carries what rounding took from it: far from the forward the price is e^(-near^2/2),
 * which multiplies a relative error of near by its square.
 *
 * `legs_ordinary` assumes that every number stays normal and says where it may not;
 * `legs_general` keeps exponents apart. Where the first holds both have the same digits. */
#ifndef QF_LEGS_H
#define QF_LEGS_H

#include "elementary.h"

#define NOT_A_NUMBER from_bits(UINT64_C(0x7ff8000000000000)) /* the one NaN of every result */

/* Bits of a lane's state: NaN came in, or the inputs lie outside the domain. */
enum { MISSING = 1, INVALID = 2 };

QF_INLINE int32_t state_of(int missing, int invalid) {
    return (missing ? MISSING : 0) | (invalid ? INVALID : 0);
}

QF_INLINE int32_t sign_state(double sign) { return state_of(sign != sign, fabs(sign) != 1.0); }

QF_INLINE int32_t sigma_state(double sigma, double v) {
    return state_of(sigma != sigma, (sigma < 0.0) | (v != v));
}

typedef struct {
    double a, a_low, b, b_low; /* A and B, and what rounding took from them */
    Sum y;                     /* ln(A/B) */
    double bend, load;         /* |s|^3 as below; |rT| + |qT| */
} Legs;

typedef struct {
    double a, a_exponent, a_low, b, b_exponent, b_low;
    Sum y, y_fine; /* ln(A/B), and to twice the precision */
    double bend;   /* |s|^3 of the logarithm: the error of y is less than 2^-55 of it */
    Reduced r, q;  /* the discount exponents -rT and -qT */
    int32_t state; /* MISSING, INVALID */
} GeneralLegs;

/* ln(S/K) + rT - qT: what cancels cancels exactly, and the remainders are added last. */
QF_INLINE Sum log_moneyness(Sum ratio, double rt, double rt_low, double qt, double qt_low) {
    Sum carry = two_sum(rt, -qt), whole = two_sum(ratio.high, carry.high);
    double low = ((whole.low + carry.low) + (rt_low - qt_low)) + ratio.low;
    double high = whole.high + low;
    Sum out = {high, low - (high - whole.high)};
    return out;
}

QF_INLINE Legs legs_ordinary(double spot, double strike, double time, double rate,
                             double dividend) {
    double rt = rate * time, rt_low = fma(rate, time, -rt);
    double qt = dividend * time, qt_low = fma(dividend, time, -qt);
    Reduced r = reduce(-rt, -rt_low), q = reduce(-qt, -qt_low);
    double growth_a = exp_minus_1(q.r), growth_b = exp_minus_1(r.r);
    double a = fma(spot, growth_a, spot), b = fma(strike, growth_b, strike);
    Aligned near = aligned(spot, strike);
    Sum s = log_argument(spot, near);
    Legs out;
    out.y = log_moneyness(log_ratio_sum(s, near.n), rt, rt_low, qt, qt_low);
    out.a = shift_exponent(a, q.n_magic);
    out.b = shift_exponent(b, r.n_magic);
    out.a_low = fma(spot, growth_a, spot - a) * shift_exponent(1.0, q.n_magic);
    out.b_low = fma(strike, growth_b, strike - b) * shift_exponent(1.0, r.n_magic);
    out.bend = fabs(s.high) * (s.high * s.high);
    out.load = fabs(rt) + fabs(qt);
    return out;
}

/* h = k / v, and what rounding took from it and from v = sigma sqrt(T). */
typedef struct {
    double h, h_low, v, v_low, per_v, root; /* root is sqrt(T) */
} Deviation;

/* The remainders are those of the square root, of the product and of the division. */
QF_INLINE Deviation deviation_ordinary(Sum k, double time, double sigma) {
    double root = sqrt(time), v = sigma * root, per_v = 1.0 / v, h = k.high * per_v;
    double root_rest = (sigma * per_v) * fma(-root, root, time);
    double v_low = fma(0.5 * sigma, root_rest, fma(sigma, root, -v));
    double h_low = per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low);
    Deviation out = {h, h_low, v, v_low, per_v, root};
    return out;
}

/* |x| */
QF_INLINE Sum magnitude(Sum x) {
    Sum out = {fabs(x.high), x.low * copysign(1.0, x.high)};
    return out;
}

/* x t and the rest that rounding took from it; and for the exponential -x t, held within +-4000,
 * past which e^-xt is 0 or infinite for every leg. A zero rate discounts nothing, even for ever. */
typedef struct {
    double product, rest, value, low;
} Exponent;

QF_INLINE Exponent discount_exponent(double x, double time) {
    double xt = x == 0.0 ? 0.0 : x * time;
    double rest = finite_or_zero(x == 0.0 ? 0.0 : fma(x, time, -xt));
    int within = fabs(xt) < 4000.0;
    double cut = xt < 0.0 ? 4000.0 : -4000.0;
    Exponent out = {xt, rest, within ? -xt : cut, within ? -rest : 0.0};
    return out;
}

/* x = mantissa 2^exponent, mantissa in [1, 2); zero and infinity, the ends, have an exponent beyond
 * all others. */
typedef struct {
    double x, mantissa, exponent;
    int end;
} Scaled;

QF_INLINE Scaled scaled(double x) {
    int subnormal = x < 0x1p-1022, infinite = x == INFINITY;
    uint64_t bits = to_bits(subnormal ? x * 0x1p54 : x);
    double exponent =
        from_bits((bits >> 52) | UINT64_C(0x4330000000000000)) - 0x1.00000000003ffp+52;
    exponent = subnormal ? exponent - 54.0 : exponent;
    Scaled out;
    out.x = x;
    out.mantissa = from_bits((bits & ((UINT64_C(1) << 52) - 1)) | to_bits(1.0));
    out.end = (x == 0.0) | infinite;
    out.exponent = out.end ? (infinite ? 20000.0 : -20000.0) : exponent;
    return out;
}

/* The mantissa of x e^r and what rounding took from it; zero and infinity stay what they are. */
typedef struct {
    double value, low;
} Discounted;

QF_INLINE Discounted discounted(Scaled s, double r) {
    double growth = exp_minus_1(r), value = fma(s.mantissa, growth, s.mantissa);
    double low = fma(s.mantissa, growth, s.mantissa - value);
    Discounted out = {s.end ? s.x : value, s.end ? 0.0 : low};
    return out;
}

QF_INLINE GeneralLegs legs_general(double spot, double strike, double time, double rate,
                                   double dividend) {
    Exponent rx = discount_exponent(rate, time), qx = discount_exponent(dividend, time);
    Reduced r = reduce(rx.value, rx.low), q = reduce(qx.value, qx.low);
    Scaled s = scaled(spot), k = scaled(strike);
    Aligned near = aligned(s.mantissa, k.mantissa);
    near.n += s.exponent - k.exponent;
    Sum argument = log_argument(s.mantissa, near), ratio = log_ratio_sum(argument, near.n);
    Sum fine = log_ratio_fine(argument, near.n);
    Sum y = log_moneyness(ratio, rx.product, rx.rest, qx.product, qx.rest);
    Sum y_fine = log_moneyness(fine, rx.product, rx.rest, qx.product, qx.rest);
    double coarse = ratio.high + (rx.product - qx.product); /* no NaN where that is infinite */
    int missing = (spot != spot) | (strike != strike) | (time != time) | (rate != rate) |
                  (dividend != dividend);
    int invalid = (spot < 0.0) | (strike < 0.0) | (time < 0.0) |
                  ((spot == INFINITY) & (strike == INFINITY)) | (fabs(rate) == INFINITY) |
                  (fabs(dividend) == INFINITY);
    Discounted a = discounted(s, q.r), b = discounted(k, r.r);
    GeneralLegs out;
    out.a = a.value, out.a_low = a.low;
    out.a_exponent = s.exponent + q.n;
    out.b = b.value, out.b_low = b.low;
    out.b_exponent = k.exponent + r.n;
    coarse = coarse == coarse ? coarse : 0.0; /* both legs are 0 or infinite */
    coarse = s.end | k.end ? out.a_exponent - out.b_exponent : coarse;
    int finite = (y.high - y.high == 0.0) & !(s.end | k.end);
    out.y.high = finite ? y.high : coarse;
    out.y.low = finite ? y.low : 0.0;
    out.y_fine.high = finite ? y_fine.high : coarse;
    out.y_fine.low = finite ? y_fine.low : 0.0;
    double bend = fabs(argument.high) * (argument.high * argument.high);
    out.bend = finite ? bend : 0.0;
    out.r = r, out.q = q;
    out.state = state_of(missing, invalid);
    return out;
}

/* The limits of h: 0 at the money even without volatility, and where that is endless. */
QF_INLINE Deviation deviation_general(Sum k, double time, double sigma) {
    double root = sqrt(time), v = fabs(sigma * root); /* -0 is 0 */
    double scale = v < 0x1p-500 ? 0x1p500 : 1.0, per = 1.0 / (v * scale), per_v = per * scale;
    double h = (v == INFINITY) | (k.high == 0.0) ? 0.0 : (k.high * scale) * per;
    double root_rest = (sigma * per_v) * fma(-root, root, time);
    double v_low = finite_or_zero(fma(0.5 * sigma, root_rest, fma(sigma, root, -v)));
    double h_low = finite_or_zero(per_v * fma(-h, v_low, fma(-h, v, k.high) + k.low));
    Deviation out = {h, h_low, v, v_low, per_v, root};
    return out;
}

#define PAST 54.0 /* beyond it phi and phi M are less than the least double */

/* Where the tails of the normal distribution begin: near = h - t and far = h + t. */
typedef struct {
    double near, near_low, far, far_low; /* with what rounding took from them */
    double width;                        /* what it took from far - near beside v */
} Points;

/* The normal distribution there: -near^2/2 and e^r - 1 of it, and the Mills ratios, at |near| where
 * near is not `within` their range. */
typedef struct {
    Mills m;
    Reduced e;
    double near, near_low, far, far_low, width;
    double x, growth;           /* x is near within, |near| without */
    double near_loss, far_loss; /* -M' at x and far */
    int within;
} Tails;

QF_INLINE Points tails(Deviation d) {
    double t = 0.5 * d.v;
    Sum near = two_sum(d.h, -t), far = two_sum(d.h, t);
    Points out;
    out.near = near.high, out.far = far.high;
    out.near_low = d.h_low + fma(-0.5, d.v_low, near.low);
    out.far_low = d.h_low + fma(0.5, d.v_low, far.low);
    out.width = near.low - far.low;
    return out;
}

QF_INLINE Tails tails_at(Points points) {
    Tails out;
    out.near = points.near, out.near_low = points.near_low;
    out.far = points.far, out.far_low = points.far_low;
    out.width = points.width;
    out.within = out.near > MILLS_FROM;
    out.x = out.within ? out.near : -out.near;
    out.e = gauss_exponent(out.near, out.near_low);
    out.growth = exp_minus_1(out.e.r);
    out.m = mills(out.x, out.far);
    out.near_loss = fma(-out.x, out.m.near, INV_SQRT_2PI);
    out.far_loss = fma(-out.far, out.m.far, INV_SQRT_2PI);
    return out;
}

QF_INLINE Tails tails_ordinary(Deviation d) { return tails_at(tails(d)); }

/* Past PAST there is nothing to correct; M is right to infinity, but not at it. */
QF_INLINE Tails tails_general(Deviation d) {
    Points out = tails(d);
    int past = !(fabs(out.near) < PAST) | !(out.far < 0x1p50);
    out.near = at_most(at_least(out.near, -PAST), PAST);
    out.far = at_most(out.far, 0x1p50);
    out.near_low = past ? 0.0 : out.near_low;
    out.far_low = past ? 0.0 : out.far_low;
    out.width = past ? 0.0 : out.width;
    return tails_at(out);
}

/* Whether the error of y, at most 2^-55 bend, costs the price less than a rounding: it
 * counts |near| / v times. */
QF_INLINE int is_straight(double bend, double x, double v) {
    return fma(bend, fabs(x), bend) < 4.0 * v;
}

/* How far the legs are apart, by the logarithm that is fine enough. */
typedef struct {
    Sum y;
    Deviation d;
    Tails at;
} Separation;

QF_INLINE Separation separation_general(GeneralLegs legs, double time, double sigma) {
    Deviation d = deviation_general(magnitude(legs.y), time, sigma);
    int straight = is_straight(legs.bend, tails_general(d).near, d.v);
    Separation out;
    out.y.high = straight ? legs.y.high : legs.y_fine.high;
    out.y.low = straight ? legs.y.low : legs.y_fine.low;
    out.d = deviation_general(magnitude(out.y), time, sigma);
    out.at = tails_general(out.d);
    return out;
}

/* Both legs beside the exponent of the greater one: times 2^-top, and what the factors were. */
typedef struct {
    double a, b, a_scale, b_scale, top;
} CommonScale;

QF_INLINE CommonScale on_common_scale(GeneralLegs legs) {
    CommonScale out;
    out.top = at_least(legs.a_exponent, legs.b_exponent);
    out.a_scale = power_of_two(at_least(legs.a_exponent - out.top, -1000.0));
    out.b_scale = power_of_two(at_least(legs.b_exponent - out.top, -1000.0));
    out.a = legs.a * out.a_scale, out.b = legs.b * out.b_scale;
    return out;
}

#endif
