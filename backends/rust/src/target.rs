//! What is solved for an implied volatility: the price beside the legs.

use crate::elementary::{Sum, at_least, at_most, power_of_two, two_to, two_ulp};
use crate::lanes::{Block, Mark, lanes};
use crate::legs::{GeneralSides, Sides, beside, magnitude, scaled};

pub const SQRT_2PI: f64 = f64::from_bits(0x4004_0d93_1ff6_2706);

lanes! {
    /// What is solved: c 2^shift, its complement 1 - c, k + k_low = |ln(A/B)|, and for the seed the
    /// lesser leg over the greater and the complement of that.
    pub struct Target in BlockTarget { c, shift, rest, k, k_low, share, gap, }
}

/// `inside`: the option itself is in the money; `special` is 1 where this form may not hold.
pub struct OrdinaryTarget {
    pub target: Target,
    pub inside: bool,
    pub special: Mark,
}

/// Beyond two units in the last place of the greater leg, and of any bound.
const CLEAR: f64 = two_to(-50);

#[inline(always)]
pub fn target_ordinary(sides: &Sides, price: f64, sign: f64) -> OrdinaryTarget {
    let below = sides.y < 0.0;
    let least = if below { sides.a } else { sides.b };
    let most = if below { sides.b } else { sides.a };
    let low = if below { sides.b_low - sides.a_low } else { sides.a_low - sides.b_low };
    let least_low = if below { sides.a_low } else { sides.b_low };
    let apart = most - least;
    let moneyness = if below { -sign } else { sign };
    let inside = (moneyness > 0.0) & (sides.y != 0.0);
    let otm = if inside { (price - apart) - low } else { price };
    let left = (least - otm) + least_low;
    let k = magnitude(Sum { high: sides.y, low: sides.y_low });
    let holds = (sides.load < 300.0)
        & (least > two_to(-200))
        & (most > two_to(-200))
        & (most < two_to(200))
        & (otm > two_to(-700))
        & (left > CLEAR * most)
        & (!inside | (otm > CLEAR * most))
        & (sign.abs() == 1.0);
    OrdinaryTarget {
        target: Target {
            c: otm / least,
            shift: 0.0,
            rest: left / least,
            k: k.high,
            k_low: k.low,
            share: least / most,
            gap: (apart + low) / most,
        },
        inside,
        special: Mark::from(!holds),
    }
}

/// What is to be solved, and by how much the price misses its bounds: `otm` is its time value beside
/// the legs, `left` what lacks to the maximum beside the lesser leg; two units in the last place of
/// the greater leg there, and of the maximum here. `inside`: the option itself is in the money.
pub struct GeneralTarget {
    pub target: Target,
    pub otm: f64,
    pub unit: f64,
    pub left: f64,
    pub whole_unit: f64,
    pub inside: bool,
}

#[inline(always)]
pub fn target_general(sides: &GeneralSides, price: f64, sign: f64) -> GeneralTarget {
    let paid = scaled(price.abs());
    let legs = beside(sides.a, sides.a_exponent, sides.b, sides.b_exponent);
    let a = legs.a;
    let a_low = sides.a_low * legs.a_scale;
    let b = legs.b;
    let b_low = sides.b_low * legs.b_scale;
    let paid_apart = at_most(at_least(paid.exponent - legs.top, -1000.0), 1000.0);
    let mantissa = if paid.end { paid.x } else { paid.mantissa };
    let value = mantissa * power_of_two(paid_apart); // |price| beside the legs
    let value = if price < 0.0 { -value } else { value };

    let below = sides.y.high < 0.0;
    let least = if below { a } else { b };
    let most = if below { b } else { a };
    let low = if below { b_low - a_low } else { a_low - b_low };
    let apart = most - least;
    let moneyness = if below { -sign } else { sign };
    let inside = (moneyness > 0.0) & (sides.y.high != 0.0);
    let otm = if inside { (value - apart) - low } else { value };

    // Beside the lesser leg's mantissa, for it may vanish beside the greater leg.
    let own_leg = if below { sides.a } else { sides.b };
    let own_low = if below { sides.a_low } else { sides.b_low };
    let own_exponent = if below { sides.a_exponent } else { sides.b_exponent };
    let own_scale = if below { legs.a_scale } else { legs.b_scale };
    let shift = paid.exponent - own_exponent;
    let held = at_most(at_least(shift, -1000.0), 1000.0);
    let own = if inside { otm / own_scale } else { mantissa * power_of_two(held) };
    let unit = two_ulp(most);
    let left = (own_leg - own) + own_low;
    let whole_unit = if inside { unit / own_scale } else { two_ulp(own_leg) };
    let k = magnitude(sides.y);
    GeneralTarget {
        target: Target {
            c: if inside { own } else { mantissa } / own_leg,
            shift: if inside { 0.0 } else { shift },
            rest: left / own_leg,
            k: k.high,
            k_low: k.low,
            share: least / most,
            gap: (apart + low) / most,
        },
        otm,
        unit,
        left,
        whole_unit,
        inside,
    }
}
