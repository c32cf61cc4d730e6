/* What is solved for an implied volatility: the price beside the legs. */
#ifndef QF_TARGET_H
#define QF_TARGET_H

#include "legs.h"

#define SQRT_2PI 0x1.40d931ff62706p+1

/* What is solved: c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser leg
 * over the greater and the complement of that. */
typedef struct {
    double c, shift, rest, k, k_low, share, gap;
} Target;

typedef struct {
    Target target;
    int32_t inside;          /* the option itself is in the money */
    int32_t special;
} OrdinaryTarget;

/* 2^-50: beyond two units in the last place of the greater leg, and of any bound. */
#define CLEAR 0x1p-50

QF_INLINE OrdinaryTarget target_ordinary(Sides sides, double price, double sign) {
    int below = sides.y.high < 0.0;
    double least = below ? sides.a : sides.b, most = below ? sides.b : sides.a;
    double low = below ? sides.b_low - sides.a_low : sides.a_low - sides.b_low;
    double least_low = below ? sides.a_low : sides.b_low;
    double apart = most - least, moneyness = below ? -sign : sign;
    int inside = (moneyness > 0.0) & (sides.y.high != 0.0);
    double otm = inside ? (price - apart) - low : price;
    double left = (least - otm) + least_low;
    OrdinaryTarget out;
    out.target.c = otm / least;
    out.target.shift = 0.0;
    out.target.rest = left / least;
    Sum k = magnitude(sides.y);
    out.target.k = k.high, out.target.k_low = k.low;
    out.target.share = least / most;
    out.target.gap = (apart + low) / most;
    out.inside = inside;
    int holds = (sides.load < 300.0) & (least > 0x1p-200) & (most > 0x1p-200) &
                (most < 0x1p200) & (otm > 0x1p-700) &
                (left > CLEAR * most) & (!inside | (otm > CLEAR * most)) &
                (__builtin_fabs(sign) == 1.0);
    out.special = !holds;
    return out;
}

/* What is to be solved, and by how much the price misses its bounds: `otm` is its time value beside
 * the legs, `left` what lacks to the maximum beside the lesser leg; two units in the last place of
 * the greater leg there, and of the maximum here. */
typedef struct {
    Target target;
    double otm, unit, left, whole_unit;
    int inside; /* the option itself is in the money */
} GeneralTarget;

QF_INLINE GeneralTarget target_general(GeneralSides sides, double price, double sign) {
    Scaled paid = scaled(__builtin_fabs(price));
    Beside legs = beside(sides.a, sides.a_exponent, sides.b, sides.b_exponent);
    double a = legs.a, a_low = sides.a_low * legs.a_scale;
    double b = legs.b, b_low = sides.b_low * legs.b_scale;
    double paid_apart = at_most(at_least(paid.exponent - legs.top, -1000.0), 1000.0);
    double mantissa = paid.end ? paid.x : paid.mantissa;
    double value = mantissa * power_of_two(paid_apart); /* |price| beside the legs */
    value = price < 0.0 ? -value : value;

    int below = sides.y.high < 0.0;
    double least = below ? a : b, most = below ? b : a;
    double low = below ? b_low - a_low : a_low - b_low;
    double apart = most - least, moneyness = below ? -sign : sign;
    int inside = (moneyness > 0.0) & (sides.y.high != 0.0);
    double otm = inside ? (value - apart) - low : value;

    /* Beside the lesser leg's mantissa, for it may vanish beside the greater leg. */
    double own_leg = below ? sides.a : sides.b, own_low = below ? sides.a_low : sides.b_low;
    double own_exponent = below ? sides.a_exponent : sides.b_exponent;
    double own_scale = below ? legs.a_scale : legs.b_scale, shift = paid.exponent - own_exponent;
    double held = at_most(at_least(shift, -1000.0), 1000.0);
    double own = inside ? otm / own_scale : mantissa * power_of_two(held);
    GeneralTarget out;
    out.inside = inside;
    out.otm = otm;
    out.unit = two_ulp(most);
    out.left = (own_leg - own) + own_low;
    out.whole_unit = inside ? out.unit / own_scale : two_ulp(own_leg);
    out.target.c = (inside ? own : mantissa) / own_leg;
    out.target.shift = inside ? 0.0 : shift;
    out.target.rest = out.left / own_leg;
    Sum k = magnitude(sides.y);
    out.target.k = k.high, out.target.k_low = k.low;
    out.target.share = least / most;
    out.target.gap = (apart + low) / most;
    return out;
}

#endif
