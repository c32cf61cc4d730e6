/* What is solved for an implied volatility: the price beside the legs. */
#ifndef QF_NORMALIZED_PRICE_H
#define QF_NORMALIZED_PRICE_H

#include "legs.h"

#define SQRT_2PI 0x1.40d931ff62706p+1

/* What is solved: c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser leg
 * over the greater and the complement of that. */
typedef struct {
    double c, shift, rest, k, k_low, share, gap;
} NormalizedPrice;

typedef struct {
    NormalizedPrice to;
    int32_t in_the_money; /* the option itself */
    int32_t special;
} OrdinaryNormalizedPrice;

/* 2^-50: beyond two units in the last place of the greater leg, and of any bound. */
#define CLEAR 0x1p-50

QF_INLINE OrdinaryNormalizedPrice normalized_price_ordinary(Legs legs, double price, double sign) {
    int below = legs.y.high < 0.0;
    double least = below ? legs.a : legs.b, most = below ? legs.b : legs.a;
    double low = below ? legs.b_low - legs.a_low : legs.a_low - legs.b_low;
    double least_low = below ? legs.a_low : legs.b_low;
    double distance = most - least, moneyness = below ? -sign : sign;
    int in_the_money = (moneyness > 0.0) & (legs.y.high != 0.0);
    double otm = in_the_money ? (price - distance) - low : price;
    double left = (least - otm) + least_low;
    OrdinaryNormalizedPrice out;
    out.to.c = otm / least;
    out.to.shift = 0.0;
    out.to.rest = left / least;
    Sum k = magnitude(legs.y);
    out.to.k = k.high, out.to.k_low = k.low;
    out.to.share = least / most;
    out.to.gap = (distance + low) / most;
    out.in_the_money = in_the_money;
    int holds = (legs.load < 300.0) & (least > 0x1p-200) & (most > 0x1p-200) & (most < 0x1p200) &
                (otm > 0x1p-700) & (left > CLEAR * most) & (!in_the_money | (otm > CLEAR * most)) &
                (fabs(sign) == 1.0);
    out.special = !holds;
    return out;
}

/* What is to be solved, and by how much the price misses its bounds: `otm` is its time value beside
 * the legs, `left` what lacks to the maximum beside the lesser leg; two units in the last place of
 * the greater leg there, and of the maximum here. */
typedef struct {
    NormalizedPrice to;
    double otm, unit, left, whole_unit;
    int in_the_money; /* the option itself */
} GeneralNormalizedPrice;

QF_INLINE GeneralNormalizedPrice normalized_price_general(GeneralLegs legs, double price,
                                                          double sign) {
    Scaled paid = scaled(fabs(price));
    CommonScale common = on_common_scale(legs);
    double a = common.a, a_low = legs.a_low * common.a_scale;
    double b = common.b, b_low = legs.b_low * common.b_scale;
    double shifted = at_most(at_least(paid.exponent - common.top, -1000.0), 1000.0);
    double mantissa = paid.end ? paid.x : paid.mantissa;
    double value = mantissa * power_of_two(shifted); /* |price| beside the legs */
    value = price < 0.0 ? -value : value;

    int below = legs.y.high < 0.0;
    double least = below ? a : b, most = below ? b : a;
    double low = below ? b_low - a_low : a_low - b_low;
    double distance = most - least, moneyness = below ? -sign : sign;
    int in_the_money = (moneyness > 0.0) & (legs.y.high != 0.0);
    double otm = in_the_money ? (value - distance) - low : value;

    /* Beside the lesser leg's mantissa, for it may vanish beside the greater leg. */
    double own_leg = below ? legs.a : legs.b, own_low = below ? legs.a_low : legs.b_low;
    double own_exponent = below ? legs.a_exponent : legs.b_exponent;
    double own_scale = below ? common.a_scale : common.b_scale,
           shift = paid.exponent - own_exponent;
    double held = at_most(at_least(shift, -1000.0), 1000.0);
    double own = in_the_money ? otm / own_scale : mantissa * power_of_two(held);
    GeneralNormalizedPrice out;
    out.in_the_money = in_the_money;
    out.otm = otm;
    out.unit = two_ulp(most);
    out.left = (own_leg - own) + own_low;
    out.whole_unit = in_the_money ? out.unit / own_scale : two_ulp(own_leg);
    out.to.c = (in_the_money ? own : mantissa) / own_leg;
    out.to.shift = in_the_money ? 0.0 : shift;
    out.to.rest = out.left / own_leg;
    Sum k = magnitude(legs.y);
    out.to.k = k.high, out.to.k_low = k.low;
    out.to.share = least / most;
    out.to.gap = (distance + low) / most;
    return out;
}

#endif
