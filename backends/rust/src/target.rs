//! What is solved for an implied volatility: the price beside the legs.

use crate::elementary::{power_of_two, two_to, two_ulp};
use crate::lanes::{Block, lanes};
use crate::legs::{GeneralSides, Sides, scaled};

pub const SQRT_2PI: f64 = f64::from_bits(0x4004_0d93_1ff6_2706);

lanes! {
    /// What is solved: c 2^shift, its complement 1 - c, k = |ln(A/B)|, and for the seed the lesser
    /// leg over the greater and the complement of that.
    pub struct Target in BlockTarget { c, shift, rest, k, share, gap, }
}

/// `inside` is 1 where the option itself is in the money.
pub struct OrdinaryTarget {
    pub target: Target,
    pub inside: i64,
    pub special: i64,
}

/// Beyond two units in the last place of the greater leg, and of any bound.
const CLEAR: f64 = two_to(-50);

#[inline(always)]
pub fn target_ordinary(sides: &Sides, price: f64, sign: f64) -> OrdinaryTarget {
    let Sides { a, b, a_low, b_low, .. } = *sides;
    let below = (a - b) + (a_low - b_low) < 0.0;
    let least = if below { a } else { b };
    let most = if below { b } else { a };
    let low = if below { b_low - a_low } else { a_low - b_low };
    let least_low = if below { a_low } else { b_low };
    let apart = most - least;
    let signed_apart = if below { -sign } else { sign };
    let inside = (signed_apart > 0.0) & (apart > 0.0);
    let otm = if inside { (price - apart) - low } else { price };
    let left = (least - otm) + least_low;
    let holds = (least > two_to(-200))
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
            k: sides.y.abs(),
            share: least / most,
            gap: (apart + low) / most,
        },
        inside: i64::from(inside),
        special: sides.special + i64::from(!holds),
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
    let top = if sides.a_exponent > sides.b_exponent { sides.a_exponent } else { sides.b_exponent };
    let a_apart = sides.a_exponent - top;
    let b_apart = sides.b_exponent - top;
    let a_scale = power_of_two(if a_apart > -1000.0 { a_apart } else { -1000.0 });
    let b_scale = power_of_two(if b_apart > -1000.0 { b_apart } else { -1000.0 });
    let a = sides.a * a_scale;
    let b = sides.b * b_scale;
    let a_low = sides.a_low * a_scale;
    let b_low = sides.b_low * b_scale;
    let paid_apart = paid.exponent - top;
    let paid_apart = if paid_apart > -1000.0 { paid_apart } else { -1000.0 };
    let paid_apart = if paid_apart < 1000.0 { paid_apart } else { 1000.0 };
    let mantissa = if paid.end { paid.x } else { paid.mantissa };
    let value = mantissa * power_of_two(paid_apart); // |price| beside the legs
    let value = if price < 0.0 { -value } else { value };

    let below = (a - b) + (a_low - b_low) < 0.0;
    let least = if below { a } else { b };
    let most = if below { b } else { a };
    let low = if below { b_low - a_low } else { a_low - b_low };
    let apart = most - least;
    let signed_apart = if below { -sign } else { sign };
    let inside = (signed_apart > 0.0) & (apart > 0.0);
    let otm = if inside { (value - apart) - low } else { value };

    // Beside the lesser leg's mantissa, for it may vanish beside the greater leg.
    let own_leg = if below { sides.a } else { sides.b };
    let own_low = if below { sides.a_low } else { sides.b_low };
    let own_exponent = if below { sides.a_exponent } else { sides.b_exponent };
    let own_scale = if below { a_scale } else { b_scale };
    let shift = paid.exponent - own_exponent;
    let held = if shift > -1000.0 { shift } else { -1000.0 };
    let held = if held < 1000.0 { held } else { 1000.0 };
    let own = if inside { otm / own_scale } else { mantissa * power_of_two(held) };
    let left = (own_leg - own) + own_low;
    let unit = two_ulp(most);
    let whole_unit = two_ulp(own_leg);
    GeneralTarget {
        target: Target {
            c: if inside { own } else { mantissa } / own_leg,
            shift: if inside { 0.0 } else { shift },
            rest: left / own_leg,
            k: sides.y.abs(),
            share: least / most,
            gap: (apart + low) / most,
        },
        otm,
        unit,
        left,
        whole_unit: if inside { unit / own_scale } else { whole_unit },
        inside,
    }
}
