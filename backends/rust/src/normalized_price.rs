//! What is solved for an implied volatility: the price beside the legs.

use crate::elementary::{Sum, at_least, at_most, power_of_two, two_to, two_ulp};
use crate::legs::{GeneralLegs, Legs, magnitude, on_common_scale, scaled};

pub const SQRT_2PI: f64 = f64::from_bits(0x4004_0d93_1ff6_2706);

/// What is solved: c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser leg
/// over the greater and the complement of that.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct NormalizedPrice {
    pub c: f64,
    pub shift: f64,
    pub rest: f64,
    pub k: Sum,
    pub share: f64,
    pub gap: f64,
}

/// In the money is the option itself; a special lane is one for which this form may not hold.
pub struct OrdinaryNormalizedPrice {
    pub normalized: NormalizedPrice,
    pub in_the_money: bool,
    pub special: bool,
}

/// Beyond two units in the last place of the greater leg, and of any bound.
const CLEAR: f64 = two_to(-50);

#[inline(always)]
pub fn normalized_price_ordinary(legs: &Legs, price: f64, sign: f64) -> OrdinaryNormalizedPrice {
    let below = legs.y.high < 0.0;
    let least = if below { legs.a } else { legs.b };
    let most = if below { legs.b } else { legs.a };
    let low = if below { legs.b_low - legs.a_low } else { legs.a_low - legs.b_low };
    let least_low = if below { legs.a_low } else { legs.b_low };
    let distance = most - least;
    let moneyness = if below { -sign } else { sign };
    let in_the_money = (moneyness > 0.0) & (legs.y.high != 0.0);
    let otm = if in_the_money { (price - distance) - low } else { price };
    let left = (least - otm) + least_low;
    let holds = (legs.load < 300.0)
        & (least > two_to(-200))
        & (most > two_to(-200))
        & (most < two_to(200))
        & (otm > two_to(-700))
        & (left > CLEAR * most)
        & (!in_the_money | (otm > CLEAR * most))
        & (sign.abs() == 1.0);
    OrdinaryNormalizedPrice {
        normalized: NormalizedPrice {
            c: otm / least,
            shift: 0.0,
            rest: left / least,
            k: magnitude(legs.y),
            share: least / most,
            gap: (distance + low) / most,
        },
        in_the_money,
        special: !holds,
    }
}

/// What is to be solved, and by how much the price misses its bounds: `otm` is its time value beside
/// the legs, `left` what lacks to the maximum beside the lesser leg; two units in the last place of
/// the greater leg there, and of the maximum here.
pub struct GeneralNormalizedPrice {
    pub normalized: NormalizedPrice,
    pub otm: f64,
    pub unit: f64,
    pub left: f64,
    pub whole_unit: f64,
    pub in_the_money: bool,
}

#[inline(always)]
pub fn normalized_price_general(
    legs: &GeneralLegs,
    price: f64,
    sign: f64,
) -> GeneralNormalizedPrice {
    let paid = scaled(price.abs());
    let common = on_common_scale(legs);
    let a = common.a;
    let a_low = legs.a_low * common.a_scale;
    let b = common.b;
    let b_low = legs.b_low * common.b_scale;
    let shifted = at_most(at_least(paid.exponent - common.top, -1000.0), 1000.0);
    let mantissa = if paid.end { paid.x } else { paid.mantissa };
    let value = mantissa * power_of_two(shifted); // |price| beside the legs
    let value = if price < 0.0 { -value } else { value };

    let below = legs.y.high < 0.0;
    let least = if below { a } else { b };
    let most = if below { b } else { a };
    let low = if below { b_low - a_low } else { a_low - b_low };
    let distance = most - least;
    let moneyness = if below { -sign } else { sign };
    let in_the_money = (moneyness > 0.0) & (legs.y.high != 0.0);
    let otm = if in_the_money { (value - distance) - low } else { value };

    // Beside the lesser leg's mantissa, for it may vanish beside the greater leg.
    let own_leg = if below { legs.a } else { legs.b };
    let own_low = if below { legs.a_low } else { legs.b_low };
    let own_exponent = if below { legs.a_exponent } else { legs.b_exponent };
    let own_scale = if below { common.a_scale } else { common.b_scale };
    let shift = paid.exponent - own_exponent;
    let held = at_most(at_least(shift, -1000.0), 1000.0);
    let own = if in_the_money { otm / own_scale } else { mantissa * power_of_two(held) };
    let unit = two_ulp(most);
    let left = (own_leg - own) + own_low;
    let whole_unit = if in_the_money { unit / own_scale } else { two_ulp(own_leg) };
    GeneralNormalizedPrice {
        normalized: NormalizedPrice {
            c: if in_the_money { own } else { mantissa } / own_leg,
            shift: if in_the_money { 0.0 } else { shift },
            rest: left / own_leg,
            k: magnitude(legs.y),
            share: least / most,
            gap: (distance + low) / most,
        },
        otm,
        unit,
        left,
        whole_unit,
        in_the_money,
    }
}
