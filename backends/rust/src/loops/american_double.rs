//! The prices of a block of puts that are exercised between two boundaries.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over the lanes of several rows, so that a loop becomes vectors"
)]

use super::boundary::{F, Puts, Row};
use super::equation::{Curve, MEDIUM, MOST_POINTS, interpolated, point, step_once, turn_once};
use super::lanes::{BLOCK, Columns, LANES};
use crate::american_boundary::Put;
use crate::american_double::{
    Between, apart_of, below_of, double_value, early_w, first_meeting, is_settled, next_meeting,
    outside_below, sine_until, turn_below, up_to,
};
use crate::american_equation::{boundary_density, depth_of};
use crate::american_price::premium_density;
use crate::elementary::fma;
use crate::legs::NOT_A_NUMBER;
use crate::tables::AMERICAN_W_START;

const DOUBLE_TURNS: usize = 6;
const DOUBLE_STEPS: usize = 3;
const POINTS: usize = 24; // of the medium grid

/// Both boundaries up to where they meet: squared depths of the upper, w of the lower.
pub struct TwoBoundaries {
    upper: Curve,
    lower: Curve,
    apart: Row,
    until: Row,
    settled: [bool; BLOCK],
}

#[inline(always)]
fn put(up: &mut Puts, i: usize, p: Put) {
    // SAFETY: i < n <= BLOCK.
    unsafe { up.lanes.put(i, p) };
}

/// Where they may meet, and the boundaries before that as they are soon before expiry.
#[inline(always)]
fn begin_double(up: &mut Puts, puts: &Puts, n: usize) -> TwoBoundaries {
    let curve = [[0.0; BLOCK]; MOST_POINTS + 1];
    let mut out = TwoBoundaries {
        upper: curve,
        lower: curve,
        apart: [0.0; BLOCK],
        until: [0.0; BLOCK],
        settled: [false; BLOCK],
    };
    for i in 0..n {
        let p = puts.get(i);
        out.apart[i] = apart_of(&p);
        out.until[i] = first_meeting(&p, out.apart[i]);
        put(up, i, up_to(&p, out.until[i]));
    }
    for j in 0..POINTS {
        let at = point::<POINTS>(j);
        for i in 0..n {
            let p = up.get(i);
            let s = p.root * at;
            let depth = early_w(&p, s) * s;
            out.upper[j][i] = depth * depth;
        }
    }
    for row in &mut out.lower[..=POINTS] {
        row[..n].fill(AMERICAN_W_START);
    }
    out
}

/// One turn of the fixed point for the lower boundary.
#[inline(always)]
fn turn_below_once(lower: &mut Curve, up: &Puts, n: usize) {
    let nodes = MEDIUM.nodes;
    let mut next = [[0.0; BLOCK]; POINTS];
    for j in 0..POINTS {
        let at = point::<POINTS>(j);
        let (mut minus, mut plus) = ([0.0; BLOCK], [0.0; BLOCK]);
        for v in 0..nodes.count {
            let (sine, cosine, weight) = (nodes.sine(v), nodes.cosine(v), nodes.weight(v));
            let row = MEDIUM.row_before::<POINTS>(j, v);
            for i in 0..n {
                let below = below_of(&up.get(i));
                let root = below.root * at;
                let here = lower[j][i] * root;
                let before = interpolated(lower, &row, i) * (root * cosine);
                let gain = boundary_density(&below, here, before, root, sine, cosine);
                minus[i] = fma(weight, gain.minus, minus[i]);
                plus[i] = fma(weight, gain.plus, plus[i]);
            }
        }
        for i in 0..n {
            let below = below_of(&up.get(i));
            next[j][i] = turn_below(&below, lower[j][i], below.root * at, minus[i], plus[i]);
        }
    }
    lower[..POINTS].copy_from_slice(&next);
}

/// Let the time follow the boundaries, which were `upper` and `lower` before.
#[inline(always)]
fn move_meeting(
    out: &mut TwoBoundaries,
    up: &mut Puts,
    puts: &Puts,
    (upper, lower): (&Curve, &Curve),
    n: usize,
) {
    let mut by = [0.0; BLOCK];
    for i in 0..n {
        let p = puts.get(i);
        let root = out.until[i];
        let next = next_meeting(&p, out.apart[i], out.upper[0][i], out.lower[0][i], root);
        out.settled[i] = is_settled(root, next, root);
        out.until[i] = next;
        by[i] = next / root;
        put(up, i, up_to(&p, next));
    }
    for j in (0..POINTS).rev() {
        for i in 0..n {
            let (sample, unit) = (out.upper[j][i], out.upper[0][i]);
            out.settled[i] &= is_settled(upper[j][i], sample, unit)
                & is_settled(lower[j][i], out.lower[j][i], 1.0);
            out.upper[j][i] = by[i] * by[i] * sample;
        }
    }
}

#[inline(always)]
fn solve_double(puts: &Puts, n: usize) -> TwoBoundaries {
    let mut up =
        Puts { lanes: Columns::new(), t: [[0.0; BLOCK]; F[0]], share: [[0.0; BLOCK]; F[1]] };
    let mut out = begin_double(&mut up, puts, n);
    for k in 0..DOUBLE_TURNS + DOUBLE_STEPS {
        let (upper, lower) = (out.upper, out.lower);
        if k < DOUBLE_TURNS {
            turn_once::<POINTS, false>(&mut out.upper, MEDIUM, &up, n);
        } else {
            step_once::<POINTS, false>(&mut out.upper, MEDIUM, &up, n);
        }
        turn_below_once(&mut out.lower, &up, n);
        move_meeting(&mut out, &mut up, puts, (&upper, &lower), n);
    }
    out
}

/// The boundaries of all lanes; they are found once where they are the same.
#[inline(always)]
pub fn find_double(puts: &Puts, alike: bool, lanes: usize) -> TwoBoundaries {
    let mut out = solve_double(puts, if alike { LANES } else { lanes });
    if alike {
        for row in out.upper.iter_mut().chain(&mut out.lower) {
            let sample = row[0];
            row[..lanes].fill(sample);
        }
        let (apart, until, settled) = (out.apart[0], out.until[0], out.settled[0]);
        out.apart[..lanes].fill(apart);
        out.until[..lanes].fill(until);
        out.settled[..lanes].fill(settled);
    }
    out
}

/// The prices: what exercise brings between the boundaries, and what it will bring outside.
#[inline(always)]
pub fn price_double(both: &TwoBoundaries, puts: &Puts, now: &Row, european: &Row, n: usize) -> Row {
    let (mut upper, mut lower, mut price) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
    for v in 0..MEDIUM.premium.count {
        let (cosine, weight) = (MEDIUM.premium.cosine(v), MEDIUM.premium.weight(v));
        let row = MEDIUM.row_of_premium::<POINTS>(v);
        for i in 0..n {
            let p = puts.get(i);
            let below = outside_below(&p, both.apart[i]);
            let until = both.until[i];
            let sine = sine_until(p.root, until, cosine);
            let depth = depth_of(interpolated(&both.upper, &row, i), false, until);
            let rise = interpolated(&both.lower, &row, i) * (until * cosine);
            upper[i] = fma(weight, premium_density(&p, depth, sine), upper[i]);
            lower[i] = fma(weight, premium_density(&below, -rise, sine), lower[i]);
        }
    }
    for i in 0..n {
        let until = both.until[i];
        let y = until * until;
        let between = Between {
            apart: both.apart[i],
            until,
            now_above: depth_of(both.upper[0][i], false, until),
            now_below: -both.lower[0][i] * until,
            upper: y * upper[i],
            lower: y * lower[i],
        };
        let value = double_value(&puts.get(i), &between, now[i], european[i]);
        price[i] = if both.settled[i] { value } else { NOT_A_NUMBER };
    }
    price
}
