//! The greeks of the premium for early exercise over a block of lanes, by the ways of `american`.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over the lanes of several rows, so that a loop becomes vectors"
)]

use super::american::{
    FAR_FIRST, FAR_NEAR, FAR_SECOND, FAST_FIRST, FAST_SECOND, HIGH_FIRST, HIGH_NEAR, HIGH_SECOND,
    STANDARD_FIRST, STANDARD_SECOND, Settling, WAYS, Way, choose_ways, gather_way, nodes_of,
    option, padded_count, polynomials_of, settling_of, worth_now,
};
use super::boundary::{
    AT_G, AT_W, F, F_FAST, G, MOST_NODES, Nodes, Puts, Row, W, W_FAST, boundary, contract, series,
};
use super::equation::{differentiate, grid_of, interpolated, solve};
use super::instruction_sets::Isa;
use super::lanes::{BLOCK, Block, Columns, Lanes};
use crate::american_boundary::{Put, put_of, third_coordinate};
use crate::american_equation::{LEAST_SAMPLE, depth_of, depth_slope};
use crate::american_greeks::{
    AMERICAN_GREEKS, DELTA, Directions, PRICE, PremiumSlopes, Sloped, Slopes, Tabulated, VANNA,
    bent, directions_of, first_slopes, greeks_of_endless_time, greeks_of_exercise,
    greeks_without_volatility, premium_greeks, premium_slopes, second_slopes, unbent,
};
use crate::american_perpetual::{perpetual_of, perpetual_price};
use crate::american_price::known_path;
use crate::elementary::{at_least, at_most, fma};
use crate::legs::NOT_A_NUMBER;

/// Where among the European greeks those of an American option are.
pub const OF_EUROPEAN: [usize; AMERICAN_GREEKS] = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12];

/// The depth and its slopes at the nodes of the premium, and behind them now.
struct DepthSlopes {
    at: [[Block; 4]; MOST_NODES + 1],
}

impl DepthSlopes {
    #[inline(always)]
    fn get(&self, v: usize, i: usize) -> Slopes {
        let [depth, by_a, by_b, by_time] = &self.at[v];
        // SAFETY: the way has put every lane at all its nodes.
        unsafe {
            Slopes {
                depth: depth.get(i),
                by_a: by_a.get(i),
                by_b: by_b.get(i),
                by_time: by_time.get(i),
            }
        }
    }

    #[inline(always)]
    fn put(&mut self, v: usize, i: usize, its: Slopes) {
        let [depth, by_a, by_b, by_time] = &mut self.at[v];
        // SAFETY: i < n <= BLOCK.
        unsafe {
            depth.put(i, its.depth);
            by_a.put(i, its.by_a);
            by_b.put(i, its.by_b);
            by_time.put(i, its.by_time);
        }
    }
}

/// The slopes of Chebyshev's polynomials, from these.
#[inline(always)]
fn chebyshev_slopes<const TERMS: usize>(
    out: &mut [Row; TERMS],
    of: &[Row; TERMS],
    y: &Row,
    n: usize,
) {
    for i in 0..n {
        out[0][i] = 0.0;
        out[1][i] = 1.0;
    }
    for k in 2..TERMS {
        for i in 0..n {
            let half = fma(y[i], out[k - 1][i], of[k - 1][i]);
            out[k][i] = fma(2.0, half, -out[k - 2][i]);
        }
    }
}

/// A part of the table as series in the third coordinate, and how these follow a and b.
struct SlopedSeries<const THIRD: usize> {
    value: [Row; THIRD],
    by_a: [Row; THIRD],
    by_b: [Row; THIRD],
}

struct Tangents {
    t: [Row; F[0]],
    share: [Row; F[1]],
    to: Columns<Directions>,
}

impl Tangents {
    #[inline(always)]
    fn to(&self, i: usize) -> Directions {
        // SAFETY: `find_slopes` has put all lanes.
        unsafe { self.to.get(i) }
    }
}

#[inline(always)]
fn contract_slopes<
    const FIRST: usize,
    const SECOND: usize,
    const THIRD: usize,
    const SECONDS: usize,
    const THIRDS: usize,
>(
    at: usize,
    puts: &Puts,
    tangents: &Tangents,
    n: usize,
) -> SlopedSeries<THIRD> {
    let table = &boundary()[at..];
    let (t, share) = (&puts.t, &puts.share);
    let value = contract::<FIRST, SECOND, THIRD, SECONDS, THIRDS>(table, t, share, n);
    let by_t = contract::<FIRST, SECOND, THIRD, SECONDS, THIRDS>(table, &tangents.t, share, n);
    let by_share = contract::<FIRST, SECOND, THIRD, SECONDS, THIRDS>(table, t, &tangents.share, n);
    let mut out = SlopedSeries { value, by_a: by_t, by_b: by_share };
    for k in 0..THIRD {
        for i in 0..n {
            let to = tangents.to(i);
            let (along, across) = (by_t[k][i], by_share[k][i]);
            out.by_a[k][i] = fma(to.t_a, along, to.share_a * across);
            out.by_b[k][i] = fma(to.t_b, along, to.share_b * across);
        }
    }
    out
}

/// A lane's series at y, and its slope.
#[inline(always)]
fn sloped_series<const TERMS: usize>(c: &[Row; TERMS], y: f64, i: usize) -> Sloped {
    let (mut one, mut two, mut slope, mut before) = (0.0, 0.0, 0.0, 0.0);
    let twice = y + y;
    for k in (1..TERMS).rev() {
        let next = fma(twice, one, c[k][i] - two);
        let steeper = fma(twice, slope, fma(2.0, one, -before));
        (two, one, before, slope) = (one, next, slope, steeper);
    }
    Sloped { value: fma(y, one, c[0][i] - two), slope: fma(y, slope, one - before) }
}

impl<const THIRD: usize> SlopedSeries<THIRD> {
    #[inline(always)]
    fn bent(&self, p: &Put, to: &Directions, z: f64, cosine: f64, i: usize) -> Tabulated {
        let y = third_coordinate(p, z);
        let (by_a, by_b) = (series(&self.by_a, y, i), series(&self.by_b, y, i));
        bent(p, to, z, cosine, sloped_series(&self.value, y, i), by_a, by_b)
    }

    #[inline(always)]
    fn unbent(&self, to: &Directions, z: f64, cosine: f64, i: usize) -> Tabulated {
        let y = fma(2.0, z, -1.0);
        let (by_a, by_b) = (series(&self.by_a, y, i), series(&self.by_b, y, i));
        unbent(to, z, cosine, sloped_series(&self.value, y, i), by_a, by_b)
    }
}

/// The slopes by the table, in the first region.
#[inline(always)]
fn slopes_by_first<const FIRST: usize, const SECOND: usize, const THIRD: usize>(
    out: &mut DepthSlopes,
    puts: &Puts,
    tangents: &Tangents,
    nodes: Nodes,
    n: usize,
) {
    let f = contract_slopes::<FIRST, SECOND, THIRD, { F[1] }, { F[2] }>(0, puts, tangents, n);
    for v in nodes.and_now() {
        let cosine = nodes.cosine(v);
        for i in 0..n {
            let (p, to) = (puts.get(i), tangents.to(i));
            let held = f.bent(&p, &to, p.reach * cosine, cosine, i);
            out.put(v, i, first_slopes(held, p.root * cosine));
        }
    }
}

/// In the second.
#[inline(always)]
fn slopes_by_second<const W0: usize>(
    out: &mut DepthSlopes,
    puts: &Puts,
    tangents: &Tangents,
    nodes: Nodes,
    n: usize,
) {
    let w0 = contract_slopes::<W0, W0, W0, { W[1] }, { W[2] }>(AT_W, puts, tangents, n);
    let g = contract_slopes::<{ G[0] }, { G[1] }, { G[2] }, { G[1] }, { G[2] }>(
        AT_G, puts, tangents, n,
    );
    for v in nodes.and_now() {
        let cosine = nodes.cosine(v);
        for i in 0..n {
            let (p, to) = (puts.get(i), tangents.to(i));
            let z = p.reach * cosine;
            let held = w0.bent(&p, &to, z, cosine, i);
            let late = g.unbent(&to, z, cosine, i);
            out.put(v, i, second_slopes(&p, held, late, p.root * cosine));
        }
    }
}

/// The slopes by the equation.
#[inline(always)]
fn slopes_by_equation<I: Isa, const POINTS: usize, const SECOND: bool, const SMOOTH: bool>(
    out: &mut DepthSlopes,
    puts: &Puts,
    n: usize,
) {
    let grid = grid_of(POINTS);
    let curve = solve::<I, POINTS, SECOND, SMOOTH>(puts, n);
    let (by_a, by_b) = differentiate::<POINTS, SMOOTH>(&curve, grid, puts, n);
    for v in 0..grid.premium.count {
        let cosine = grid.premium.cosine(v);
        let (row, sloped) = (grid.row_of_premium::<POINTS>(v), grid.row_of_slopes::<POINTS>(v));
        for i in 0..n {
            let s = puts.get(i).root * cosine;
            let sample = interpolated(&curve, &row, i);
            let depth = depth_of(sample, SMOOTH, s);
            let slope = depth_slope(depth, SMOOTH, s);
            let slope = if sample > LEAST_SAMPLE { slope } else { 0.0 };
            let by_time = interpolated(&curve, &sloped, i);
            let by_time = if SMOOTH { fma(0.5, sample, by_time) } else { by_time };
            let its = Slopes {
                depth,
                by_a: slope * interpolated(&by_a, &row, i),
                by_b: slope * interpolated(&by_b, &row, i),
                by_time: slope * by_time,
            };
            out.put(v, i, its);
        }
    }
    for i in 0..n {
        let depth = depth_of(curve[0][i], SMOOTH, puts.get(i).root);
        out.put(grid.premium.count, i, Slopes { depth, by_a: 0.0, by_b: 0.0, by_time: 0.0 });
    }
}

/// The slopes of a way that the ordinary form goes, or the general one alone.
#[inline(always)]
fn slopes_of<I: Isa, const GENERAL: bool>(
    out: &mut DepthSlopes,
    puts: &Puts,
    tangents: &Tangents,
    way: Way,
    n: usize,
) {
    let nodes = nodes_of(way);
    match way {
        FAST_FIRST => slopes_by_first::<{ F_FAST[0] }, { F_FAST[1] }, { F_FAST[2] }>(
            out, puts, tangents, nodes, n,
        ),
        FAST_SECOND => slopes_by_second::<W_FAST>(out, puts, tangents, nodes, n),
        STANDARD_FIRST => {
            slopes_by_first::<{ F[0] }, { F[1] }, { F[2] }>(out, puts, tangents, nodes, n);
        }
        STANDARD_SECOND => slopes_by_second::<{ W[0] }>(out, puts, tangents, nodes, n),
        _ if !GENERAL => {}
        HIGH_FIRST => slopes_by_equation::<I, 16, false, false>(out, puts, n),
        HIGH_NEAR => slopes_by_equation::<I, 24, true, false>(out, puts, n),
        HIGH_SECOND => slopes_by_equation::<I, 24, true, true>(out, puts, n),
        FAR_FIRST => slopes_by_equation::<I, 32, false, false>(out, puts, n),
        FAR_NEAR => slopes_by_equation::<I, 32, true, false>(out, puts, n),
        FAR_SECOND => slopes_by_equation::<I, 32, true, true>(out, puts, n),
        _ => {}
    }
}

/// The slopes of all lanes; they are found once where they are the same.
#[inline(always)]
fn find_slopes<I: Isa, const GENERAL: bool>(
    out: &mut DepthSlopes,
    tangents: &mut Tangents,
    puts: &mut Puts,
    way: Way,
    lanes: usize,
) {
    let n = polynomials_of(puts, lanes);
    if way < HIGH_FIRST {
        let (mut t, mut share) = ([0.0; BLOCK], [0.0; BLOCK]);
        for i in 0..n {
            let p = puts.get(i);
            t[i] = p.t;
            share[i] = p.share;
        }
        chebyshev_slopes(&mut tangents.t, &puts.t, &t, n);
        chebyshev_slopes(&mut tangents.share, &puts.share, &share, n);
        for i in 0..n {
            // SAFETY: i < n <= BLOCK.
            unsafe { tangents.to.put(i, directions_of(&puts.get(i))) };
        }
    }
    slopes_of::<I, GENERAL>(out, puts, tangents, way, n);
    if n < lanes {
        for v in nodes_of(way).and_now() {
            let its = out.get(v, 0);
            for i in 0..lanes {
                out.put(v, i, its);
            }
        }
    }
}

#[inline(always)]
fn integrate_slopes<const SECOND_ORDER: bool>(
    slopes: &DepthSlopes,
    puts: &Puts,
    way: Way,
    n: usize,
) -> Columns<PremiumSlopes> {
    let nodes = nodes_of(way);
    let mut sums = Columns::<PremiumSlopes>::new();
    let none = PremiumSlopes {
        value: 0.0,
        by_m: 0.0,
        by_mm: 0.0,
        by_x: 0.0,
        by_a: 0.0,
        by_b: 0.0,
        by_mx: 0.0,
        by_ma: 0.0,
        by_mb: 0.0,
    };
    for i in 0..n {
        // SAFETY: i < n <= BLOCK.
        unsafe { sums.put(i, none) };
    }
    for v in 0..nodes.count {
        let (sine, weight) = (nodes.sine(v), nodes.weight(v));
        for i in 0..n {
            let (p, at) = (puts.get(i), slopes.get(v, i));
            // SAFETY: i < n <= BLOCK, and all lanes have been put.
            unsafe {
                let sum = premium_slopes::<SECOND_ORDER>(&p, sums.get(i), at, sine, weight);
                sums.put(i, sum);
            }
        }
    }
    sums
}

#[inline(always)]
fn put_greeks(lanes: &mut Lanes, i: usize, greeks: [f64; AMERICAN_GREEKS], count: usize) {
    for j in 0..count {
        lanes.set_result_of(OF_EUROPEAN[j], i, greeks[j]);
    }
}

/// Add the premium's greeks to European ones, where exercise before expiry may pay.
#[inline(always)]
pub fn add_premium_greeks<I: Isa, const GENERAL: bool, const SECOND_ORDER: bool>(
    lanes: &mut Lanes,
) {
    let mut puts = Columns::new();
    let ways = choose_ways::<GENERAL>(&mut puts, lanes);
    let mut some =
        Puts { lanes: Columns::new(), t: [[0.0; BLOCK]; F[0]], share: [[0.0; BLOCK]; F[1]] };
    let mut tangents =
        Tangents { t: [[0.0; BLOCK]; F[0]], share: [[0.0; BLOCK]; F[1]], to: Columns::new() };
    let mut slopes = DepthSlopes { at: [[Block::new(); 4]; MOST_NODES + 1] };
    let mut places = [0; BLOCK];
    let count = if SECOND_ORDER { AMERICAN_GREEKS } else { VANNA };
    for way in FAST_FIRST..if GENERAL { WAYS } else { HIGH_FIRST } {
        let there = gather_way(&mut some, &mut places, &puts, &ways, way, lanes.count());
        if there == 0 {
            continue;
        }
        let padded = padded_count(there);
        find_slopes::<I, GENERAL>(&mut slopes, &mut tangents, &mut some, way, padded);
        let sums = integrate_slopes::<SECOND_ORDER>(&slopes, &some, way, padded);
        let mut greeks = [[0.0; BLOCK]; AMERICAN_GREEKS];
        for k in 0..padded {
            // SAFETY: all lanes have been put.
            let by = unsafe { sums.get(k) };
            let its = premium_greeks(&some.get(k), by, option(lanes.operands(places[k])));
            for j in 0..AMERICAN_GREEKS {
                greeks[j][k] = its[j];
            }
        }
        for (k, &i) in places[..there].iter().enumerate() {
            let p = some.get(k);
            let operands = lanes.operands::<8>(i);
            let (sign, now) = (operands[6], worth_now(operands));
            let at_once = slopes.get(nodes_of(way).count, k);
            let held = (p.log_m - p.log_start) + at_once.depth > 0.0;
            let premium = if held { at_least(greeks[PRICE][k], 0.0) } else { 0.0 };
            let value = fma(p.strike, premium, lanes.result(i));
            if (value <= now) & (now > 0.0) {
                put_greeks(lanes, i, greeks_of_exercise(now, sign), count);
                continue;
            }
            if held {
                for j in DELTA..count {
                    let its = lanes.result_of(OF_EUROPEAN[j], i) + greeks[j][k];
                    lanes.set_result_of(OF_EUROPEAN[j], i, its);
                }
            }
            lanes.set_result(i, at_most(value, p.strike));
        }
    }
}

/// What is left where no boundary is found: limits, and NaN where there is none.
pub fn settle_greeks(lanes: &mut Lanes) {
    for i in 0..lanes.count() {
        let operands = lanes.operands::<8>(i);
        let (european, sign, now) = (lanes.result(i), operands[6], worth_now(operands));
        let settling = settling_of(lanes, false, i);
        let path = known_path(option(operands));
        let between =
            settling == Settling::Path && path.t > 0.0 && path.then > at_least(european, path.now);
        let p = put_of(option(operands));
        let e = perpetual_of(&p);
        if settling == Settling::Perpetual && e.distance > 0.0 {
            let value = perpetual_price(&p, &e, now, european);
            put_greeks(lanes, i, greeks_of_endless_time(&e, value, operands), AMERICAN_GREEKS);
        } else if between {
            put_greeks(lanes, i, greeks_without_volatility(&path, sign), AMERICAN_GREEKS);
        } else if settling == Settling::Nothing {
            put_greeks(lanes, i, [NOT_A_NUMBER; AMERICAN_GREEKS], AMERICAN_GREEKS);
        } else if settling != Settling::Left && now > 0.0 && european <= now {
            put_greeks(lanes, i, greeks_of_exercise(now, sign), AMERICAN_GREEKS);
        }
    }
}
