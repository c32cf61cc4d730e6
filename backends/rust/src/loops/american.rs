//! The premium for early exercise over a block of lanes: lanes that go the same way to it are gathered
//! and go together, and share the boundary where they have the same one.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over the lanes of several rows, so that a loop becomes vectors"
)]

use super::american_double::{find_double, price_double};
use super::boundary::{
    AT_15, AT_26, Depths, F, F_FAST, MOST_NODES, Nodes, Puts, Row, W, W_FAST, chebyshev,
    depths_by_first, depths_by_second,
};
use super::equation::{NODES_64, NODES_96, depths_by_equation};
use super::instruction_sets::Isa;
use super::lanes::{BLOCK, Columns, LANES, Lanes};
use crate::american_boundary::{
    LEAST_APART, LEAST_SCALE, LEAST_X, MOST_SCALE, MOST_X, Put, is_near, put_of,
};
use crate::american_equation::is_smooth;
use crate::american_perpetual::{perpetual_of, perpetual_price};
use crate::american_price::{
    EUROPEAN, FAST, HIGH, STANDARD, known_path, premium_density, value_without_volatility,
};
use crate::elementary::{at_least, at_most, fma};
use crate::legs::NOT_A_NUMBER;

/// The ways to a boundary.
pub type Way = i64;
pub const NO_WAY: Way = 0;
pub const FAST_FIRST: Way = 1;
pub const FAST_SECOND: Way = 2;
pub const STANDARD_FIRST: Way = 3;
pub const STANDARD_SECOND: Way = 4;
pub const HIGH_FIRST: Way = 5;
pub const HIGH_NEAR: Way = 6;
pub const HIGH_SECOND: Way = 7;
pub const FAR_FIRST: Way = 8;
pub const FAR_NEAR: Way = 9;
pub const FAR_SECOND: Way = 10;
pub const WAYS: Way = 11;
const TWOFOLD: Way = 11; // beyond those to one boundary

/// The nodes at which a way has the boundary's depth.
#[inline(always)]
pub fn nodes_of(way: Way) -> Nodes {
    if way <= FAST_SECOND {
        Nodes { count: 15, at: AT_15 }
    } else if way <= STANDARD_SECOND {
        Nodes { count: 26, at: AT_26 }
    } else if way <= HIGH_SECOND {
        NODES_64
    } else {
        NODES_96
    }
}

/// The way of an option for which exercise before expiry may pay.
#[inline(always)]
pub fn way_of(p: &Put, style: f64) -> Way {
    let second = Way::from(p.second > 0.0);
    let kind = if is_smooth(p) { 2 } else { second };
    let high = if style == HIGH { HIGH_FIRST + kind } else { NO_WAY };
    let standard = if style == STANDARD { STANDARD_FIRST + second } else { high };
    let asked = if style == FAST { FAST_FIRST + second } else { standard };
    let other = if p.twofold > 0.0 { TWOFOLD } else { FAR_FIRST + kind };
    let held = (p.tabulated > 0.0) & (p.twofold == 0.0);
    if (asked == NO_WAY) | held { asked } else { other }
}

/// The depths of a way that the ordinary form goes, or the general one alone.
#[inline(always)]
fn depths_of<I: Isa, const GENERAL: bool>(out: &mut Depths, puts: &Puts, way: Way, n: usize) {
    let nodes = nodes_of(way);
    match way {
        FAST_FIRST => {
            depths_by_first::<{ F_FAST[0] }, { F_FAST[1] }, { F_FAST[2] }>(out, puts, nodes, n);
        }
        FAST_SECOND => depths_by_second::<W_FAST>(out, puts, nodes, n),
        STANDARD_FIRST => depths_by_first::<{ F[0] }, { F[1] }, { F[2] }>(out, puts, nodes, n),
        STANDARD_SECOND => depths_by_second::<{ W[0] }>(out, puts, nodes, n),
        _ if !GENERAL => {}
        HIGH_FIRST => depths_by_equation::<I, 16, false, false>(out, puts, n),
        HIGH_NEAR => depths_by_equation::<I, 24, true, false>(out, puts, n),
        HIGH_SECOND => depths_by_equation::<I, 24, true, true>(out, puts, n),
        FAR_FIRST => depths_by_equation::<I, 32, false, false>(out, puts, n),
        FAR_NEAR => depths_by_equation::<I, 32, true, false>(out, puts, n),
        FAR_SECOND => depths_by_equation::<I, 32, true, true>(out, puts, n),
        _ => {}
    }
}

#[inline(always)]
pub fn padded_count(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

/// The lanes of one way, filled up with copies of the first; returns how many there are.
#[inline(always)]
pub fn gather_way(
    out: &mut Puts,
    lanes: &mut [usize; BLOCK],
    puts: &Columns<Put>,
    ways: &[Way; BLOCK],
    way: Way,
    n: usize,
) -> usize {
    let mut count = 0;
    for i in 0..n {
        lanes[count] = i;
        count += usize::from(ways[i] == way);
    }
    let padded = padded_count(count);
    let first = lanes[0];
    lanes[count..padded].fill(first);
    out.lanes.gather(puts, &lanes[..padded]);
    count
}

/// Whether all puts have the same boundary.
#[inline(always)]
fn are_alike(puts: &Puts, n: usize) -> bool {
    let one = puts.get(0);
    (0..n).fold(true, |alike, i| {
        let p = puts.get(i);
        alike & (p.a == one.a) & (p.b == one.b) & (p.x == one.x) & (p.root == one.root)
    })
}

/// The Chebyshev polynomials of the first coordinates; returns for how many lanes: eight are enough
/// where all have the same boundary.
#[inline(always)]
pub fn polynomials_of(puts: &mut Puts, lanes: usize) -> usize {
    let n = if lanes > LANES && are_alike(puts, lanes) { LANES } else { lanes };
    let (mut t, mut share) = ([0.0; BLOCK], [0.0; BLOCK]);
    for i in 0..n {
        let p = puts.get(i);
        t[i] = p.t;
        share[i] = p.share;
    }
    chebyshev(&mut puts.t, &t, n);
    chebyshev(&mut puts.share, &share, n);
    n
}

/// The depths of all lanes; they are found once where they are the same.
#[inline(always)]
fn find_depths<I: Isa, const GENERAL: bool>(
    out: &mut Depths,
    puts: &mut Puts,
    way: Way,
    lanes: usize,
) {
    let n = polynomials_of(puts, lanes);
    depths_of::<I, GENERAL>(out, puts, way, n);
    if n < lanes {
        for row in &mut out[..=nodes_of(way).count] {
            let depth = row[0];
            row[..lanes].fill(depth);
        }
    }
}

/// The premium: the integral over the depths, nothing where the option is exercised; and
/// ln m - ln B now.
#[inline(always)]
fn integrate(depths: &Depths, puts: &Puts, way: Way, n: usize) -> (Row, Row) {
    let nodes = nodes_of(way);
    let (mut premium, mut distance) = ([0.0; BLOCK], [0.0; BLOCK]);
    for v in 0..nodes.count {
        let (sine, weight) = (nodes.sine(v), nodes.weight(v));
        for i in 0..n {
            let density = premium_density(&puts.get(i), depths[v][i], sine);
            premium[i] = fma(weight, density, premium[i]);
        }
    }
    for i in 0..n {
        let p = puts.get(i);
        distance[i] = (p.log_m - p.log_start) + depths[nodes.count][i];
        premium[i] = if distance[i] > 0.0 { p.x * premium[i] } else { 0.0 };
    }
    (premium, distance)
}

/// The seven operands that a European option has too.
#[inline(always)]
pub fn option([spot, strike, time, rate, dividend, sigma, sign, _]: [f64; 8]) -> [f64; 7] {
    [spot, strike, time, rate, dividend, sigma, sign]
}

/// What exercise at once is worth.
#[inline(always)]
pub fn worth_now([spot, strike, _, _, _, _, sign, _]: [f64; 8]) -> f64 {
    at_least(if sign > 0.0 { spot - strike } else { strike - spot }, 0.0)
}

/// The puts that options are, and their ways. The ordinary form leaves to the general one, and marks,
/// what is not done by the table.
#[inline(always)]
pub fn choose_ways<const GENERAL: bool>(
    puts: &mut Columns<Put>,
    lanes: &mut Lanes,
) -> [Way; BLOCK] {
    lanes.begin(
        puts,
        #[inline(always)]
        |operands| put_of(option(operands)),
    );
    let mut ways = [NO_WAY; BLOCK];
    for i in 0..lanes.count() {
        // SAFETY: `begin` has put all lanes.
        let p = unsafe { puts.get(i) };
        let style = lanes.operands::<8>(i)[7];
        let way = way_of(&p, style);
        let early = (p.early > 0.0) & (way != NO_WAY) & !lanes.result(i).is_nan();
        let its = if early & (p.covered > 0.0) { way } else { NO_WAY };
        let rest = (early & (p.covered == 0.0))
            | (its >= HIGH_FIRST)
            | ((way == NO_WAY) & (style != EUROPEAN));
        if !GENERAL {
            lanes.mark(i, rest);
        }
        ways[i] = if GENERAL | !rest { its } else { NO_WAY };
    }
    if GENERAL {
        for (i, way) in ways.iter_mut().enumerate().take(lanes.count()) {
            // SAFETY: `begin` has put all lanes.
            if perpetual_of(&unsafe { puts.get(i) }).ends() {
                *way = NO_WAY;
            }
        }
    }
    ways
}

/// The prices of lanes with two boundaries.
#[inline(always)]
fn add_double(
    some: &mut Puts,
    places: &mut [usize; BLOCK],
    puts: &Columns<Put>,
    ways: &[Way; BLOCK],
    lanes: &mut Lanes,
) {
    let count = gather_way(some, places, puts, ways, TWOFOLD, lanes.count());
    if count == 0 {
        return;
    }
    let padded = padded_count(count);
    let (mut now, mut european) = ([0.0; BLOCK], [0.0; BLOCK]);
    for (k, &i) in places[..padded].iter().enumerate() {
        now[k] = worth_now(lanes.operands(i));
        european[k] = lanes.result(i);
    }
    let both = find_double(some, are_alike(some, padded), padded);
    let price = price_double(&both, some, &now, &european, padded);
    for (k, &i) in places[..count].iter().enumerate() {
        lanes.set_result(i, price[k]);
        lanes.mark(i, price[k].is_nan()); // not settled
    }
}

/// Add the premium to European prices, where exercise before expiry may pay; there `distances` has
/// ln m - ln B now.
#[inline(always)]
pub fn add_premium<I: Isa, const GENERAL: bool>(lanes: &mut Lanes, distances: &mut Row) {
    I::apart(
        #[inline(always)]
        || premium_added::<I, GENERAL>(lanes, distances),
    );
}

#[inline(always)]
fn premium_added<I: Isa, const GENERAL: bool>(lanes: &mut Lanes, distances: &mut Row) {
    let mut puts = Columns::new();
    let ways = choose_ways::<GENERAL>(&mut puts, lanes);
    let mut some =
        Puts { lanes: Columns::new(), t: [[0.0; BLOCK]; F[0]], share: [[0.0; BLOCK]; F[1]] };
    let mut depths = [[0.0; BLOCK]; MOST_NODES + 1];
    let mut places = [0; BLOCK];
    for way in FAST_FIRST..if GENERAL { WAYS } else { HIGH_FIRST } {
        let count = gather_way(&mut some, &mut places, &puts, &ways, way, lanes.count());
        if count == 0 {
            continue;
        }
        let padded = padded_count(count);
        find_depths::<I, GENERAL>(&mut depths, &mut some, way, padded);
        let (premium, distance) = integrate(&depths, &some, way, padded);
        for (k, &i) in places[..count].iter().enumerate() {
            let (strike, now) = (some.get(k).strike, worth_now(lanes.operands(i)));
            let value = fma(strike, at_least(premium[k], 0.0), lanes.result(i));
            lanes.set_result(i, at_most(at_least(value, now), strike));
            distances[i] = distance[k];
        }
    }
    if GENERAL {
        add_double(&mut some, &mut places, &puts, &ways, lanes);
    }
}

/// What becomes of a lane for which no boundary is looked for: left as it is, the greater of the
/// European price and of exercise now, exercise now, the best on a known path, that of endless time,
/// or nothing at all.
#[derive(Clone, Copy, PartialEq)]
pub enum Settling {
    Left,
    Greater,
    Now,
    Path,
    Perpetual,
    Nothing,
}

/// What becomes of lane i, and its mark, its European price being its result so far. `both` says
/// whether options with two boundaries are done too.
pub fn settling_of(lanes: &mut Lanes, both: bool, i: usize) -> Settling {
    let operands = lanes.operands::<8>(i);
    let [spot, strike, time, _, _, sigma, _, style] = operands;
    let european = lanes.result(i);
    if style.is_nan() {
        lanes.unmark(i);
    }
    if european.is_nan() || style.is_nan() {
        return Settling::Nothing;
    }
    let p = put_of(option(operands));
    let e = perpetual_of(&p);
    let single = if p.second > 0.0 { p.b } else { p.a + (p.a - p.b).abs() };
    let scale = if p.twofold > 0.0 { -p.b } else { single };
    let done = both | (p.twofold == 0.0);
    let far = !(is_near(spot) & is_near(strike));
    let closed = (p.twofold > 0.0) & (p.a - p.b <= LEAST_APART * scale);
    let soon = (closed | (p.x <= LEAST_X)) & (scale < MOST_SCALE);
    let tiny = (soon | (scale <= LEAST_SCALE)) & (p.x < MOST_X);
    if ![EUROPEAN, FAST, STANDARD, HIGH].contains(&style) {
        lanes.mark(i, true);
        Settling::Nothing
    } else if (p.early == 0.0) | (p.covered > 0.0) & done & !e.ends() | (style == EUROPEAN) {
        Settling::Left
    } else if time == 0.0 {
        Settling::Now
    } else if (sigma == 0.0) & (time < f64::INFINITY) & !far {
        Settling::Path
    } else if far | tiny & done {
        Settling::Greater
    } else if e.reached {
        Settling::Perpetual
    } else if e.worthless {
        Settling::Greater
    } else {
        lanes.mark(i, true); // beyond all measure
        Settling::Nothing
    }
}

/// What is left where no boundary is found: limits, and NaN where there is none.
pub fn settle(lanes: &mut Lanes) {
    for i in 0..lanes.count() {
        let operands = lanes.operands::<8>(i);
        let (european, now) = (lanes.result(i), worth_now(operands));
        let value = match settling_of(lanes, true, i) {
            Settling::Left => european,
            Settling::Greater => at_least(european, now),
            Settling::Now => now,
            Settling::Path => value_without_volatility(&known_path(option(operands)), european),
            Settling::Perpetual => {
                let p = put_of(option(operands));
                perpetual_price(&p, &perpetual_of(&p), now, european)
            }
            Settling::Nothing => NOT_A_NUMBER,
        };
        lanes.set_result(i, value);
    }
}
