//! The premium for early exercise over a block of lanes: the boundary from the table, or from the
//! fixed-point equation, and the integral over it.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over the lanes of several rows, so that a loop becomes vectors"
)]

use super::lanes::{BLOCK, Columns, Lanes};
use crate::american_price::{
    DiscountedTails, EUROPEAN, FAST, HIGH, LEAST_SCALE, LEAST_X, MOST_SCALE, MOST_X, Put, STANDARD,
    boundary_density, first_w, is_near, next_depth, premium_density, put_of, second_w,
    third_coordinate, value_without_volatility,
};
use crate::elementary::{at_least, at_most, fma};
use crate::legs::NOT_A_NUMBER;
use crate::tables::AMERICAN_W_START;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The table, which is the core's.
static BOUNDARY: AtomicPtr<f64> = AtomicPtr::new(ptr::null_mut());

/// Coefficients of f, w0 and g in the first coordinate, the second and the third.
const F: [usize; 3] = [28, 20, 12];
const W: [usize; 3] = [12, 12, 12];
const G: [usize; 3] = [14, 12, 14];
const AT_W: usize = F[0] * F[1] * F[2];
const AT_G: usize = AT_W + W[0] * W[1] * W[2];
/// Behind them sines, cosines and weights at so many nodes, and the cosines of pi k / 32.
const NODES_FAST: usize = 15;
const NODES_STANDARD: usize = 23;
const NODES_BOUNDARY: usize = 32;
const NODES_HIGH: usize = 96;
const AT_FAST: usize = AT_G + G[0] * G[1] * G[2];
const AT_STANDARD: usize = AT_FAST + 3 * NODES_FAST;
const AT_BOUNDARY: usize = AT_STANDARD + 3 * NODES_STANDARD;
const AT_HIGH: usize = AT_BOUNDARY + 3 * NODES_BOUNDARY;
const AT_COSINES: usize = AT_HIGH + 3 * NODES_HIGH;
const LENGTH: usize = AT_COSINES + POINTS + 1;

/// Points of the boundary that the fixed point is found for, beside its start; and turns.
const POINTS: usize = 32;
const TURNS_TABULATED: usize = 8;
const TURNS: usize = 24;

type Row = [f64; BLOCK];
type Table = [f64; LENGTH];

/// Take the table, by its address, and say whether it has the length it should have.
pub fn read_boundary(address: usize, length: usize) -> bool {
    BOUNDARY.store(ptr::with_exposed_provenance_mut(address), Ordering::Relaxed);
    length == LENGTH
}

#[inline(always)]
fn boundary() -> &'static Table {
    // SAFETY: the plugin has handed over the core's table, which stays for ever, before any address
    // of a kernel.
    unsafe { &*BOUNDARY.load(Ordering::Relaxed).cast::<Table>() }
}

/// A quadrature's node: sine, cosine and weight.
#[inline(always)]
fn node<const NODES: usize>(table: &Table, at: usize, v: usize) -> (f64, f64, f64) {
    (table[at + v], table[at + NODES + v], table[at + 2 * NODES + v])
}

/// T_0, T_1, ... of y in [-1, 1].
#[inline(always)]
fn chebyshev<const TERMS: usize>(y: &Row, n: usize) -> [Row; TERMS] {
    let mut out = [[0.0; BLOCK]; TERMS];
    for i in 0..n {
        out[0][i] = 1.0;
        out[1][i] = y[i];
    }
    for k in 2..TERMS {
        for i in 0..n {
            out[k][i] = fma(2.0 * y[i], out[k - 1][i], -out[k - 2][i]);
        }
    }
    out
}

/// The series in the third coordinate that is left of coefficients, SECONDS x THIRDS for each of the
/// first, of which the leading FIRST x SECOND x THIRD are taken; four of the second at a time.
#[inline(always)]
fn contract<
    const FIRST: usize,
    const SECOND: usize,
    const THIRD: usize,
    const SECONDS: usize,
    const THIRDS: usize,
>(
    table: &[f64],
    t: &[Row],
    share: &[Row],
    n: usize,
) -> [Row; THIRD] {
    let mut out = [[0.0; BLOCK]; THIRD];
    let mut sum = [[0.0; BLOCK]; THIRD];
    for j in 0..FIRST {
        for l in (0..SECOND).step_by(4) {
            let mut c = [[0.0; THIRD]; 4];
            for (m, row) in c.iter_mut().enumerate() {
                let start = (j * SECONDS + l + m) * THIRDS;
                row.copy_from_slice(&table[start..start + THIRD]);
            }
            let [one, two, three, four] = [&share[l], &share[l + 1], &share[l + 2], &share[l + 3]];
            for i in 0..n {
                for k in 0..THIRD {
                    let before = if l == 0 { 0.0 } else { sum[k][i] };
                    let before = fma(c[1][k], two[i], fma(c[0][k], one[i], before));
                    sum[k][i] = fma(c[3][k], four[i], fma(c[2][k], three[i], before));
                }
            }
        }
        let factor = &t[j];
        for i in 0..n {
            for k in 0..THIRD {
                out[k][i] = fma(factor[i], sum[k][i], out[k][i]);
            }
        }
    }
    out
}

/// A lane's series at y, by Clenshaw's recurrence.
#[inline(always)]
fn series<const TERMS: usize>(c: &[Row; TERMS], y: f64, i: usize) -> f64 {
    let (mut one, mut two) = (0.0, 0.0);
    for k in (1..TERMS).rev() {
        let next = fma(y + y, one, c[k][i] - two);
        two = one;
        one = next;
    }
    fma(y, one, c[0][i] - two)
}

/// The lanes' puts, and the Chebyshev polynomials of their first two coordinates.
struct Puts {
    lanes: Columns<Put>,
    t: [Row; F[0]],
    share: [Row; F[1]],
    n: usize,
}

impl Puts {
    #[inline(always)]
    fn get(&self, i: usize) -> Put {
        // SAFETY: i < n, and `add_premium` has put n lanes.
        unsafe { self.lanes.get(i) }
    }
}

/// The premium by the table: the integral at so many nodes, over as much of it as is asked for.
macro_rules! premium_from_table {
    ($name:ident, $nodes:ident, $at:ident, $first:literal, $second:literal, $third:literal, $w:literal) => {
        #[inline(always)]
        fn $name(puts: &Puts, first: bool, second: bool) -> Row {
            let (table, n) = (boundary(), puts.n);
            let (t, share) = (&puts.t, &puts.share);
            let mut f = [[0.0; BLOCK]; $third];
            let mut w0 = [[0.0; BLOCK]; $w];
            let mut g = [[0.0; BLOCK]; G[2]];
            if first {
                f = contract::<$first, $second, $third, { F[1] }, { F[2] }>(table, t, share, n);
            }
            if second {
                let c = &table[AT_W..];
                w0 = contract::<$w, $w, $w, { W[1] }, { W[2] }>(c, t, share, n);
                let c = &table[AT_G..];
                g = contract::<{ G[0] }, { G[1] }, { G[2] }, { G[1] }, { G[2] }>(c, t, share, n);
            }
            let mut premium = [0.0; BLOCK];
            let mut depth = [0.0; BLOCK];
            for v in 0..$nodes {
                let (sine, cosine, weight) = node::<$nodes>(table, $at, v);
                if first {
                    for i in 0..n {
                        let p = puts.get(i);
                        let y = third_coordinate(&p, p.reach * cosine);
                        depth[i] = first_w(series(&f, y, i)) * (p.root * cosine);
                    }
                }
                if second {
                    for i in 0..n {
                        let p = puts.get(i);
                        let (z, s) = (p.reach * cosine, p.root * cosine);
                        let start = series(&w0, third_coordinate(&p, z), i);
                        let late = series(&g, fma(2.0, z, -1.0), i);
                        let its = second_w(&p, start, late, 1.0 / (s * s)) * s;
                        depth[i] = if p.second > 0.0 { its } else { depth[i] };
                    }
                }
                for i in 0..n {
                    let p = puts.get(i);
                    premium[i] = fma(weight, premium_density(&p, depth[i], sine), premium[i]);
                }
            }
            for i in 0..n {
                premium[i] *= puts.get(i).x;
            }
            premium
        }
    };
}

premium_from_table!(premium_fast, NODES_FAST, AT_FAST, 12, 12, 8, 8);
premium_from_table!(premium_standard, NODES_STANDARD, AT_STANDARD, 28, 20, 12, 12);

/// The boundary at its points, those of Chebyshev in x^(1/4), and its Chebyshev series: of w where
/// that starts smoothly, else of the squared depth.
struct Curve {
    depth: [Row; POINTS],
    series: [Row; POINTS + 1],
    smooth: Row,
}

/// x^(1/4) of point j, over that of the option.
#[inline(always)]
fn point(j: usize) -> f64 {
    fma(0.5, boundary()[AT_COSINES + j], 0.5)
}

/// The Chebyshev polynomials up to the last one, at one point for all lanes.
#[inline(always)]
fn powers_at(y: f64) -> [f64; POINTS + 1] {
    let mut out = [1.0; POINTS + 1];
    out[1] = y;
    for k in 2..=POINTS {
        out[k] = fma(2.0 * y, out[k - 1], -out[k - 2]);
    }
    out
}

impl Curve {
    /// The table's boundary, its coordinates held within it.
    #[inline(always)]
    fn first_guess(puts: &Puts) -> Self {
        let (table, n) = (boundary(), puts.n);
        let (t, share) = (&puts.t, &puts.share);
        let f = contract::<{ F[0] }, { F[1] }, { F[2] }, { F[1] }, { F[2] }>(table, t, share, n);
        let c = &table[AT_W..];
        let w0 = contract::<{ W[0] }, { W[1] }, { W[2] }, { W[1] }, { W[2] }>(c, t, share, n);
        let c = &table[AT_G..];
        let g = contract::<{ G[0] }, { G[1] }, { G[2] }, { G[1] }, { G[2] }>(c, t, share, n);
        let mut curve = Curve {
            depth: [[0.0; BLOCK]; POINTS],
            series: [[0.0; BLOCK]; POINTS + 1],
            smooth: [0.0; BLOCK],
        };
        for i in 0..n {
            let p = puts.get(i);
            let smooth = (p.second > 0.0) & (-p.log_start > 0.25 * p.root);
            curve.smooth[i] = if smooth { 1.0 } else { 0.0 };
        }
        for j in 0..POINTS {
            let at = point(j) * point(j);
            for i in 0..n {
                let p = puts.get(i);
                let (z, s) = (at_most(p.reach * at, 1.0), p.root * at);
                let per_u = 1.0 / (s * s);
                let y = third_coordinate(&p, z);
                let one = first_w(series(&f, y, i));
                let (start, late) = (series(&w0, y, i), series(&g, fma(2.0, z, -1.0), i));
                let two = second_w(&p, start, late, per_u);
                curve.depth[j][i] = if p.second > 0.0 { two } else { one } * s;
            }
        }
        curve.fit_series(puts);
        curve
    }

    /// The Chebyshev series through the points.
    #[inline(always)]
    fn fit_series(&mut self, puts: &Puts) {
        let (table, n) = (boundary(), puts.n);
        let mut sample = [[0.0; BLOCK]; POINTS + 1];
        for j in 0..POINTS {
            let at = point(j) * point(j);
            for i in 0..n {
                let (depth, s) = (self.depth[j][i], puts.get(i).root * at);
                sample[j][i] = if self.smooth[i] > 0.0 { depth / s } else { depth * depth };
            }
        }
        for i in 0..n {
            sample[POINTS][i] = if self.smooth[i] > 0.0 { AMERICAN_W_START } else { 0.0 };
        }
        for k in 0..=POINTS {
            let c = &mut self.series[k];
            for i in 0..n {
                c[i] = 0.5 * sample[0][i];
            }
            for j in 1..=POINTS {
                let angle = j * k % (2 * POINTS);
                let angle = if angle > POINTS { 2 * POINTS - angle } else { angle };
                let weight = table[AT_COSINES + angle] * if j == POINTS { 0.5 } else { 1.0 };
                for i in 0..n {
                    c[i] = fma(weight, sample[j][i], c[i]);
                }
            }
            let scale = if k % POINTS == 0 { 1.0 } else { 2.0 } / POINTS as f64;
            for x in &mut c[..n] {
                *x *= scale;
            }
        }
    }

    /// A lane's depth from its series at a point of which `powers` are the Chebyshev polynomials,
    /// where sqrt(u) = s.
    #[inline(always)]
    fn depth_at(&self, powers: &[f64; POINTS + 1], s: f64, i: usize) -> f64 {
        let mut even = self.series[POINTS][i] * powers[POINTS];
        let mut odd = self.series[POINTS - 1][i] * powers[POINTS - 1];
        for k in (2..POINTS - 1).rev().step_by(2) {
            even = fma(self.series[k][i], powers[k], even);
            odd = fma(self.series[k - 1][i], powers[k - 1], odd);
        }
        let value = (self.series[0][i] + even) + odd;
        if self.smooth[i] > 0.0 { value * s } else { at_least(value, 0.0).sqrt() }
    }

    /// One turn of the fixed point at all points, for lanes that are still to be turned.
    #[inline(always)]
    fn turn(&mut self, puts: &Puts, turn: usize) {
        let (table, n) = (boundary(), puts.n);
        let mut next = [[0.0; BLOCK]; POINTS];
        for j in 0..POINTS {
            let at = point(j) * point(j);
            let mut minus = [0.0; BLOCK];
            let mut plus = [0.0; BLOCK];
            for v in 0..NODES_BOUNDARY {
                let (sine, cosine, weight) = node::<NODES_BOUNDARY>(table, AT_BOUNDARY, v);
                let powers = powers_at(fma(2.0 * point(j), cosine.sqrt(), -1.0));
                for i in 0..n {
                    let p = puts.get(i);
                    let its = p.root * at;
                    let before = self.depth_at(&powers, its * cosine, i);
                    let tails: DiscountedTails =
                        boundary_density(&p, self.depth[j][i], before, its, sine, cosine);
                    minus[i] = fma(weight, tails.minus, minus[i]);
                    plus[i] = fma(weight, tails.plus, plus[i]);
                }
            }
            for i in 0..n {
                let p = puts.get(i);
                let depth = self.depth[j][i];
                let its = next_depth(&p, depth, p.root * at, minus[i], plus[i]);
                let turning = (turn < TURNS_TABULATED) | (p.tabulated == 0.0);
                next[j][i] = if turning { its } else { depth };
            }
        }
        self.depth = next;
        self.fit_series(puts);
    }
}

/// The premium by the fixed point.
#[inline(always)]
fn premium_high(puts: &Puts, turns: usize) -> Row {
    let (table, n) = (boundary(), puts.n);
    let mut curve = Curve::first_guess(puts);
    for turn in 0..turns {
        curve.turn(puts, turn);
    }
    let mut premium = [0.0; BLOCK];
    for v in 0..NODES_HIGH {
        let (sine, cosine, weight) = node::<NODES_HIGH>(table, AT_HIGH, v);
        let powers = powers_at(fma(2.0, cosine.sqrt(), -1.0));
        for i in 0..n {
            let p = puts.get(i);
            let depth = curve.depth_at(&powers, p.root * cosine, i);
            premium[i] = fma(weight, premium_density(&p, depth, sine), premium[i]);
        }
    }
    for i in 0..n {
        let p = puts.get(i);
        let held = p.log_m > p.log_start - curve.depth[0][i]; // at the boundary it is exercised
        premium[i] = if held { premium[i] * p.x } else { 0.0 };
    }
    premium
}

/// The seven operands that a European option has too.
#[inline(always)]
fn option([spot, strike, time, rate, dividend, sigma, sign, _]: [f64; 8]) -> [f64; 7] {
    [spot, strike, time, rate, dividend, sigma, sign]
}

/// What exercise at once is worth.
#[inline(always)]
fn worth_now([spot, strike, _, _, _, _, sign, _]: [f64; 8]) -> f64 {
    at_least(if sign > 0.0 { spot - strike } else { strike - spot }, 0.0)
}

/// Add the premium to European prices, where exercise before expiry may pay. The ordinary form marks
/// what the general one has to do.
#[inline(always)]
pub fn add_premium<const GENERAL: bool>(lanes: &mut Lanes) {
    let n = lanes.count();
    let mut puts =
        Puts { lanes: Columns::new(), t: [[0.0; BLOCK]; F[0]], share: [[0.0; BLOCK]; F[1]], n };
    lanes.begin(
        &mut puts.lanes,
        #[inline(always)]
        |operands| put_of(option(operands)),
    );
    let mut way = [EUROPEAN; BLOCK];
    let (mut fast, mut standard, mut high) = (false, false, false);
    let (mut first, mut second, mut turns) = (false, false, TURNS_TABULATED);
    for i in 0..n {
        let p = puts.get(i);
        let style = lanes.operands::<8>(i)[7];
        let known = (style == FAST) | (style == STANDARD) | (style == HIGH);
        let asked = if known { style } else { EUROPEAN };
        let exercised = (p.early > 0.0) & known & !lanes.result(i).is_nan();
        let found = if p.tabulated > 0.0 { asked } else { HIGH };
        let its = if exercised & (p.covered > 0.0) { found } else { EUROPEAN };
        let rest =
            (exercised & (p.covered == 0.0)) | (its == HIGH) | (!known & (style != EUROPEAN));
        if !GENERAL {
            lanes.mark(i, rest);
        }
        way[i] = if GENERAL | !rest { its } else { EUROPEAN };
        if way[i] != EUROPEAN {
            fast |= way[i] == FAST;
            standard |= way[i] == STANDARD;
            high |= way[i] == HIGH;
            first |= p.second == 0.0;
            second |= p.second > 0.0;
            if p.tabulated == 0.0 {
                turns = TURNS;
            }
        }
    }
    if !(fast | standard | high) {
        return;
    }
    let (mut t, mut share) = ([0.0; BLOCK], [0.0; BLOCK]);
    for i in 0..n {
        let p = puts.get(i);
        t[i] = p.t;
        share[i] = p.share;
    }
    puts.t = chebyshev(&t, n);
    puts.share = chebyshev(&share, n);
    let mut premium = [0.0; BLOCK];
    if standard {
        premium = premium_standard(&puts, first, second);
    }
    if fast {
        let found = premium_fast(&puts, first, second);
        for i in 0..n {
            premium[i] = if way[i] == FAST { found[i] } else { premium[i] };
        }
    }
    if GENERAL && high {
        let found = premium_high(&puts, turns);
        for i in 0..n {
            premium[i] = if way[i] == HIGH { found[i] } else { premium[i] };
        }
    }
    for i in 0..n {
        let (strike, now) = (puts.get(i).strike, worth_now(lanes.operands(i)));
        let european = lanes.result(i);
        let value = fma(strike, at_least(premium[i], 0.0), european);
        let value = at_most(at_least(value, now), strike);
        lanes.set_result(i, if way[i] == EUROPEAN { european } else { value });
    }
}

/// What is left where no boundary is found: limits, and NaN where there is none.
pub fn settle(lanes: &mut Lanes) {
    for i in 0..lanes.count() {
        let operands = lanes.operands::<8>(i);
        let [spot, strike, time, _, _, sigma, _, style] = operands;
        let p = put_of(option(operands));
        let european = lanes.result(i);
        let invalid = ![EUROPEAN, FAST, STANDARD, HIGH].contains(&style) && !style.is_nan();
        if style.is_nan() {
            lanes.unmark(i);
        }
        lanes.mark(i, invalid && !european.is_nan());
        if european.is_nan() || style.is_nan() || invalid {
            lanes.set_result(i, NOT_A_NUMBER);
            continue;
        }
        if (p.early == 0.0) | (p.covered > 0.0) | (style == EUROPEAN) {
            continue;
        }
        let now = worth_now(operands);
        let scale = if p.second > 0.0 { p.b } else { p.a + (p.a - p.b).abs() };
        let far = !(is_near(spot) & is_near(strike));
        let value = if time == 0.0 {
            now
        } else if sigma == 0.0 && time < f64::INFINITY && !far {
            value_without_volatility(option(operands))
        } else if far
            | ((scale <= LEAST_SCALE) & (p.x < MOST_X))
            | ((p.x <= LEAST_X) & (scale < MOST_SCALE))
        {
            at_least(european, now)
        } else {
            lanes.mark(i, true); // two boundaries, or volatility beyond all measure
            NOT_A_NUMBER
        };
        lanes.set_result(i, value);
    }
}
