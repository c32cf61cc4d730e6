/* What is solved for an implied volatility: the price beside the legs. */
#ifndef QF_TARGET_H
#define QF_TARGET_H

#include "legs.h"

#define SQRT_2PI 0x1.40d931ff62706p+1

/* What is solved: c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser leg
 * over the greater and the complement of that. */
typedef struct {
    double c, shift, rest, k, share, gap;
} Target;

typedef struct {
    Target target;
    int64_t inside;          /* the option itself is in the money */
    int64_t special;
} OrdinaryTarget;

/* 2^-50: beyond two units in the last place of the greater leg, and of any bound. */
#define CLEAR 0x1p-50

QF_INLINE OrdinaryTarget target_ordinary(Sides sides, double price, double sign) {
    int below = (sides.a - sides.b) + (sides.a_low - sides.b_low) < 0.0;
    double least = below ? sides.a : sides.b, most = below ? sides.b : sides.a;
    double low = below ? sides.b_low - sides.a_low : sides.a_low - sides.b_low;
    double least_low = below ? sides.a_low : sides.b_low;
    double apart = most - least, signed_apart = below ? -sign : sign;
    int inside = (signed_apart > 0.0) & (apart > 0.0);
    double otm = inside ? (price - apart) - low : price;
    double left = (least - otm) + least_low;
    OrdinaryTarget out;
    out.target.c = otm / least;
    out.target.shift = 0.0;
    out.target.rest = left / least;
    out.target.k = __builtin_fabs(sides.y);
    out.target.share = least / most;
    out.target.gap = (apart + low) / most;
    out.inside = inside;
    int holds = (least > 0x1p-200) & (most < 0x1p200) & (otm > 0x1p-700) &
                (left > CLEAR * most) & (!inside | (otm > CLEAR * most)) &
                (__builtin_fabs(sign) == 1.0);
    out.special = sides.special + !holds;
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
    double top = sides.a_exponent > sides.b_exponent ? sides.a_exponent : sides.b_exponent;
    double a_apart = sides.a_exponent - top, b_apart = sides.b_exponent - top;
    double a_scale = power_of_two(a_apart > -1000.0 ? a_apart : -1000.0);
    double b_scale = power_of_two(b_apart > -1000.0 ? b_apart : -1000.0);
    double a = sides.a * a_scale, b = sides.b * b_scale;
    double a_low = sides.a_low * a_scale, b_low = sides.b_low * b_scale;
    double paid_apart = paid.exponent - top;
    paid_apart = paid_apart > -1000.0 ? paid_apart : -1000.0;
    paid_apart = paid_apart < 1000.0 ? paid_apart : 1000.0;
    double mantissa = paid.end ? paid.x : paid.mantissa;
    double value = mantissa * power_of_two(paid_apart); /* |price| beside the legs */
    value = price < 0.0 ? -value : value;

    int below = (a - b) + (a_low - b_low) < 0.0;
    double least = below ? a : b, most = below ? b : a;
    double low = below ? b_low - a_low : a_low - b_low;
    double apart = most - least, signed_apart = below ? -sign : sign;
    int inside = (signed_apart > 0.0) & (apart > 0.0);
    double otm = inside ? (value - apart) - low : value;

    /* Beside the lesser leg's mantissa, for it may vanish beside the greater leg. */
    double own_leg = below ? sides.a : sides.b, own_low = below ? sides.a_low : sides.b_low;
    double own_exponent = below ? sides.a_exponent : sides.b_exponent;
    double own_scale = below ? a_scale : b_scale, shift = paid.exponent - own_exponent;
    double held = shift > -1000.0 ? shift : -1000.0;
    held = held < 1000.0 ? held : 1000.0;
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
    out.target.k = __builtin_fabs(sides.y);
    out.target.share = least / most;
    out.target.gap = (apart + low) / most;
    return out;
}

#endif
