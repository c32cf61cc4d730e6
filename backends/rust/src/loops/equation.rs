//! The boundary of a block of puts by its equation, Andersen, Lake and Offengenden's B: turns of the
//! fixed point from the table's boundary, then Newton's steps for all points at once.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over the lanes of several rows, so that a loop becomes vectors"
)]

use super::boundary::{
    ANGLES, AT_16, AT_20, AT_32, AT_64, AT_96, AT_COSINES, AT_GRIDS, Depths, F, Nodes, Puts, Row,
    W, boundary, contract_first, contract_second, w_of_first, w_of_second,
};
use super::instruction_sets::Isa;
use super::lanes::{BLOCK, LANES};
use crate::american_equation::{
    LEAST_SAMPLE, boundary_density, depth_of, depth_slope, sample_of, turn_of,
};
use crate::elementary::{at_most, fma};
use crate::tables::AMERICAN_W_START;

/// Where the equation is solved: at so many points, those of Chebyshev in u^(1/4), beside its start;
/// with nodes before each point; and nodes of the premium. Matrices lead from samples at the points
/// to those at the nodes, a row for each node; and to their slopes in ln u.
#[derive(Clone, Copy)]
pub struct Grid {
    pub nodes: Nodes,
    pub premium: Nodes,
    at: usize,
    at_slopes: usize,
}

const fn matrices(points: usize, nodes: usize, premium: usize) -> usize {
    (points * nodes + premium) * (points + 1)
}

const AT_COARSE: usize = AT_GRIDS;
const AT_MEDIUM: usize = AT_COARSE + matrices(16, 16, 64);
const AT_FINE: usize = AT_MEDIUM + matrices(24, 20, 64);
const AT_SLOPES: usize = AT_FINE + matrices(32, 32, 96);
const NODES_16: Nodes = Nodes { count: 16, at: AT_16 };
const NODES_20: Nodes = Nodes { count: 20, at: AT_20 };
const NODES_32: Nodes = Nodes { count: 32, at: AT_32 };
pub const NODES_64: Nodes = Nodes { count: 64, at: AT_64 };
pub const NODES_96: Nodes = Nodes { count: 96, at: AT_96 };
const COARSE: Grid =
    Grid { nodes: NODES_16, premium: NODES_64, at: AT_COARSE, at_slopes: AT_SLOPES };
pub const MEDIUM: Grid = Grid {
    nodes: NODES_20,
    premium: NODES_64,
    at: AT_MEDIUM,
    at_slopes: COARSE.at_slopes + 64 * 17,
};
const FINE: Grid =
    Grid { nodes: NODES_32, premium: NODES_96, at: AT_FINE, at_slopes: MEDIUM.at_slopes + 64 * 25 };
pub const END: usize = FINE.at_slopes + 96 * 33;

pub const MOST_POINTS: usize = 32;
const MOST_BEFORE: usize = 32;

/// Samples of the depth at the points, and at the start.
pub type Curve = [Row; MOST_POINTS + 1];

/// Where the points lie: sqrt(u / x) of point j.
#[inline(always)]
pub fn point<const POINTS: usize>(j: usize) -> f64 {
    let root = fma(0.5, boundary()[AT_COSINES + j * (ANGLES / POINTS)], 0.5);
    root * root
}

/// Of a matrix the row of a node, and for the start.
#[inline(always)]
fn row<const POINTS: usize>(at: usize, v: usize) -> ([f64; POINTS], f64) {
    let start = at + v * (POINTS + 1);
    let mut row = [0.0; POINTS];
    row.copy_from_slice(&boundary()[start..start + POINTS]);
    (row, boundary()[start + POINTS])
}

impl Grid {
    /// Of the matrices the row of a node before point j.
    #[inline(always)]
    pub fn row_before<const POINTS: usize>(self, j: usize, v: usize) -> ([f64; POINTS], f64) {
        row(self.at, j * self.nodes.count + v)
    }

    #[inline(always)]
    pub fn row_of_premium<const POINTS: usize>(self, v: usize) -> ([f64; POINTS], f64) {
        row(self.at, POINTS * self.nodes.count + v)
    }

    #[inline(always)]
    pub fn row_of_slopes<const POINTS: usize>(self, v: usize) -> ([f64; POINTS], f64) {
        row(self.at_slopes, v)
    }
}

/// A lane's sample at a node.
#[inline(always)]
pub fn interpolated<const POINTS: usize>(
    curve: &Curve,
    (row, start): &([f64; POINTS], f64),
    i: usize,
) -> f64 {
    let (mut even, mut odd) = (curve[POINTS][i] * start, 0.0);
    for k in (0..POINTS).step_by(2) {
        even = fma(curve[k][i], row[k], even);
        odd = fma(curve[k + 1][i], row[k + 1], odd);
    }
    even + odd
}

/// The table's boundary, the third coordinate held within it.
#[inline(always)]
fn first_guess<const POINTS: usize, const SECOND: bool, const SMOOTH: bool>(
    curve: &mut Curve,
    puts: &Puts,
    n: usize,
) {
    for i in 0..n {
        curve[POINTS][i] = if SMOOTH { AMERICAN_W_START } else { 0.0 };
    }
    if SECOND {
        let c = contract_second::<{ W[0] }>(puts, n);
        for j in 0..POINTS {
            let at = point::<POINTS>(j);
            for i in 0..n {
                let p = puts.get(i);
                let s = p.root * at;
                let w = w_of_second(&c, &p, at_most(p.reach * at, 1.0), s, i);
                curve[j][i] = if SMOOTH { w } else { (w * s) * (w * s) };
            }
        }
    } else {
        let c = contract_first::<{ F[0] }, { F[1] }, { F[2] }>(puts, n);
        for j in 0..POINTS {
            let at = point::<POINTS>(j);
            for i in 0..n {
                let p = puts.get(i);
                let s = p.root * at;
                let w = w_of_first(&c, &p, at_most(p.reach * at, 1.0), i);
                curve[j][i] = (w * s) * (w * s);
            }
        }
    }
}

/// One turn of the fixed point at all points.
#[inline(always)]
pub fn turn_once<const POINTS: usize, const SMOOTH: bool>(
    curve: &mut Curve,
    grid: Grid,
    puts: &Puts,
    n: usize,
) {
    let mut next = [[0.0; BLOCK]; POINTS];
    for j in 0..POINTS {
        let at = point::<POINTS>(j);
        let (mut minus, mut plus) = ([0.0; BLOCK], [0.0; BLOCK]);
        for v in 0..grid.nodes.count {
            let (sine, cosine) = (grid.nodes.sine(v), grid.nodes.cosine(v));
            let weight = grid.nodes.weight(v);
            let row = grid.row_before::<POINTS>(j, v);
            for i in 0..n {
                let p = puts.get(i);
                let root = p.root * at;
                let here = depth_of(curve[j][i], SMOOTH, root);
                let before = depth_of(interpolated(curve, &row, i), SMOOTH, root * cosine);
                let gain = boundary_density(&p, here, before, root, sine, cosine);
                minus[i] = fma(weight, gain.minus, minus[i]);
                plus[i] = fma(weight, gain.plus, plus[i]);
            }
        }
        for i in 0..n {
            let p = puts.get(i);
            let root = p.root * at;
            let here = depth_of(curve[j][i], SMOOTH, root);
            let depth = turn_of(&p, here, root, minus[i], plus[i]).depth;
            next[j][i] = sample_of(depth, SMOOTH, root);
        }
    }
    curve[..POINTS].copy_from_slice(&next);
}

/// The equation about a curve, for eight lanes: slopes of each point's residual in all samples, and
/// what is to be made up by changing them: the residual, or how it follows a and b.
type Few = [f64; LANES];
type Column = [Few; MOST_POINTS];
struct Linear {
    slopes: [Column; MOST_POINTS],
    wanted: [Column; 2],
    turned: Column,
}

impl Linear {
    #[inline(always)]
    fn new() -> Self {
        let column = [[0.0; LANES]; MOST_POINTS];
        Linear { slopes: [column; MOST_POINTS], wanted: [column; 2], turned: column }
    }
}

/// The integrals of one point's equation, and of their slopes.
struct Integrals {
    minus: Few,
    plus: Few,
    own_minus: Few,
    own_plus: Few,
    moved_minus: Few,
    moved_plus: Few,
    since_minus: Few,
    since_plus: Few,
    by_minus: [Few; MOST_BEFORE],
    by_plus: [Few; MOST_BEFORE],
}

#[inline(always)]
fn integrate_before<const POINTS: usize, const SMOOTH: bool, const SLOPES: bool>(
    curve: &Curve,
    grid: Grid,
    puts: &Puts,
    j: usize,
    first: usize,
) -> Integrals {
    let at = point::<POINTS>(j);
    let none = [0.0; LANES];
    let (mut minus, mut plus, mut own_minus, mut own_plus) = (none, none, none, none);
    let (mut moved_minus, mut moved_plus) = (none, none);
    let (mut since_minus, mut since_plus) = (none, none);
    let (mut by_minus, mut by_plus) = ([none; MOST_BEFORE], [none; MOST_BEFORE]);
    for v in 0..grid.nodes.count {
        let (sine, cosine) = (grid.nodes.sine(v), grid.nodes.cosine(v));
        let weight = grid.nodes.weight(v);
        let per_sine = weight / sine;
        let row = grid.row_before::<POINTS>(j, v);
        for i in 0..LANES {
            let p = puts.get(first + i);
            let root = p.root * at;
            let here = depth_of(curve[j][first + i], SMOOTH, root);
            let sample = interpolated(curve, &row, first + i);
            let before = depth_of(sample, SMOOTH, root * cosine);
            let gain = boundary_density(&p, here, before, root, sine, cosine);
            let per_s = per_sine / root;
            let slope = depth_slope(before, SMOOTH, root * cosine);
            let follows = if sample > LEAST_SAMPLE { slope } else { 0.0 }; // else it is held there
            let (minus_slope, plus_slope) = (per_s * gain.minus_density, per_s * gain.plus_density);
            minus[i] = fma(weight, gain.minus, minus[i]);
            plus[i] = fma(weight, gain.plus, plus[i]);
            own_minus[i] += minus_slope;
            own_plus[i] += plus_slope;
            by_minus[v][i] = minus_slope * follows;
            by_plus[v][i] = plus_slope * follows;
            if SLOPES {
                let (s, since) = (root * sine, root * cosine);
                let (u, rest) = (s * s, since * since);
                moved_minus[i] = fma(u, minus_slope, moved_minus[i]);
                moved_plus[i] = fma(u, plus_slope, moved_plus[i]);
                since_minus[i] = fma(weight * rest, gain.minus, since_minus[i]);
                since_plus[i] = fma(weight * rest, gain.plus, since_plus[i]);
            }
        }
    }
    Integrals {
        minus,
        plus,
        own_minus,
        own_plus,
        moved_minus,
        moved_plus,
        since_minus,
        since_plus,
        by_minus,
        by_plus,
    }
}

/// Point j's part of it, lanes from `first` on.
#[inline(always)]
fn linearise<const POINTS: usize, const SMOOTH: bool, const SLOPES: bool>(
    out: &mut Linear,
    curve: &Curve,
    grid: Grid,
    puts: &Puts,
    j: usize,
    first: usize,
) {
    let at = point::<POINTS>(j);
    let sums = integrate_before::<POINTS, SMOOTH, SLOPES>(curve, grid, puts, j, first);
    let (mut own, mut per_above, mut per_below) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    for i in 0..LANES {
        let p = puts.get(first + i);
        let root = p.root * at;
        let here = depth_of(curve[j][first + i], SMOOTH, root);
        let turn = turn_of(&p, here, root, sums.minus[i], sums.plus[i]);
        let x = root * root;
        let (above_share, below_share) = (1.0 / turn.above, 1.0 / turn.below);
        let (ax, bx) = (p.a * x, p.b * x);
        let (minus, plus) = (turn.minus_density / root, turn.plus_density / root);
        let above = fma(ax, sums.own_minus[i], minus) * above_share;
        let below = fma(bx, sums.own_plus[i], plus) * below_share;
        own[i] = (1.0 - (above - below)) * depth_slope(here, SMOOTH, root);
        per_above[i] = ax * above_share;
        per_below[i] = bx * below_share;
        if SLOPES {
            let second = p.second > 0.0;
            let move_a = if second { 1.0 / p.a } else { 0.0 } + x;
            let move_b = if second { -1.0 / p.b } else { 0.0 } - x;
            let (mut above_a, mut below_b) = (x * sums.minus[i], x * sums.plus[i]);
            above_a += ax * (sums.since_minus[i] + sums.moved_minus[i]);
            below_b += bx * (sums.since_plus[i] - sums.moved_plus[i]);
            above_a = fma(minus, move_a, above_a) * above_share;
            below_b = fma(plus, move_b, below_b) * below_share;
            let above_b = fma(minus, move_b, -(ax * sums.moved_minus[i])) * above_share;
            let below_a = fma(plus, move_a, bx * sums.moved_plus[i]) * below_share;
            out.wanted[0][j][i] = move_a - (above_a - below_a);
            out.wanted[1][j][i] = move_b - (above_b - below_b);
        } else {
            out.wanted[0][j][i] = turn.depth - here;
            out.turned[j][i] = sample_of(turn.depth, SMOOTH, root);
        }
    }
    let mut by = [[0.0; LANES]; MOST_BEFORE];
    for v in 0..grid.nodes.count {
        for i in 0..LANES {
            by[v][i] = fma(per_above[i], sums.by_minus[v][i], -(per_below[i] * sums.by_plus[v][i]));
        }
    }
    for k in 0..POINTS {
        let mut slope = if k == j { own } else { [0.0; LANES] };
        for v in 0..grid.nodes.count {
            let share = boundary()[grid.at + (j * grid.nodes.count + v) * (POINTS + 1) + k];
            for i in 0..LANES {
                slope[i] = fma(share, by[v][i], slope[i]);
            }
        }
        out.slopes[j][k] = slope;
    }
}

/// Solve the equations, from the last point to the first: what is wanted becomes the changes.
#[inline(always)]
fn eliminate<const POINTS: usize, const WANTED: usize>(of: &mut Linear) {
    for k in (1..POINTS).rev() {
        let pivot = of.slopes[k];
        let per_pivot = pivot[k].map(|pivot| 1.0 / pivot);
        for j in (0..k).rev() {
            let mut factor = [0.0; LANES];
            for i in 0..LANES {
                factor[i] = -(of.slopes[j][k][i] * per_pivot[i]);
            }
            let slopes = &mut of.slopes[j];
            for l in 0..k {
                for i in 0..LANES {
                    slopes[l][i] = fma(factor[i], pivot[l][i], slopes[l][i]);
                }
            }
            for wanted in &mut of.wanted[..WANTED] {
                for i in 0..LANES {
                    wanted[j][i] = fma(factor[i], wanted[k][i], wanted[j][i]);
                }
            }
        }
    }
    for wanted in &mut of.wanted[..WANTED] {
        for k in 0..POINTS {
            let mut change = wanted[k];
            for l in 0..k {
                for i in 0..LANES {
                    change[i] = fma(-of.slopes[k][l][i], wanted[l][i], change[i]);
                }
            }
            for i in 0..LANES {
                wanted[k][i] = change[i] / of.slopes[k][k][i];
            }
        }
    }
}

/// One step of Newton's method, eight lanes at a time; a point that it would change by more than half
/// is turned once instead.
#[inline(always)]
pub fn step_once<const POINTS: usize, const SMOOTH: bool>(
    curve: &mut Curve,
    grid: Grid,
    puts: &Puts,
    n: usize,
) {
    let mut linear = Linear::new();
    for first in (0..n).step_by(LANES) {
        for j in 0..POINTS {
            linearise::<POINTS, SMOOTH, false>(&mut linear, curve, grid, puts, j, first);
        }
        eliminate::<POINTS, 1>(&mut linear);
        for j in 0..POINTS {
            for i in 0..LANES {
                let (sample, change) = (curve[j][first + i], linear.wanted[0][j][i]);
                let small = change.abs() <= 0.5 * sample;
                curve[j][first + i] = if small { sample + change } else { linear.turned[j][i] };
            }
        }
    }
}

/// How a curve of so many points is found: on which grid, and by how many plain turns and steps of
/// Newton's method.
struct Method<const POINTS: usize, const SECOND: bool, const SMOOTH: bool>;

impl<const POINTS: usize, const SECOND: bool, const SMOOTH: bool> Method<POINTS, SECOND, SMOOTH> {
    const GRID: Grid = grid_of(POINTS);
    const TURNS: usize = match (POINTS, SECOND, SMOOTH) {
        (32, _, false) => 4,
        (32, _, true) => 2,
        (_, false, _) => 1,
        (_, true, smooth) => {
            if smooth {
                0
            } else {
                2
            }
        }
    };
    const STEPS: usize = match (POINTS, SECOND, SMOOTH) {
        (32, true, false) => 3,
        (32, _, _) => 2,
        _ => 1,
    };
}

/// The grid that has so many points.
pub const fn grid_of(points: usize) -> Grid {
    match points {
        16 => COARSE,
        24 => MEDIUM,
        _ => FINE,
    }
}

/// The curve that solves the equation.
#[inline(always)]
pub fn solve<I: Isa, const POINTS: usize, const SECOND: bool, const SMOOTH: bool>(
    puts: &Puts,
    n: usize,
) -> Curve {
    let mut curve = [[0.0; BLOCK]; MOST_POINTS + 1];
    let found = &mut curve;
    I::apart(
        #[inline(always)]
        move || {
            let grid = Method::<POINTS, SECOND, SMOOTH>::GRID;
            first_guess::<POINTS, SECOND, SMOOTH>(found, puts, n);
            for _ in 0..Method::<POINTS, SECOND, SMOOTH>::TURNS {
                turn_once::<POINTS, SMOOTH>(found, grid, puts, n);
            }
            for _ in 0..Method::<POINTS, SECOND, SMOOTH>::STEPS {
                step_once::<POINTS, SMOOTH>(found, grid, puts, n);
            }
        },
    );
    curve
}

/// How the samples follow a and b.
#[inline(always)]
pub fn differentiate<const POINTS: usize, const SMOOTH: bool>(
    curve: &Curve,
    grid: Grid,
    puts: &Puts,
    n: usize,
) -> (Curve, Curve) {
    let mut by_a = [[0.0; BLOCK]; MOST_POINTS + 1];
    let mut by_b = by_a;
    let mut linear = Linear::new();
    for first in (0..n).step_by(LANES) {
        for j in 0..POINTS {
            linearise::<POINTS, SMOOTH, true>(&mut linear, curve, grid, puts, j, first);
        }
        eliminate::<POINTS, 2>(&mut linear);
        for j in 0..POINTS {
            by_a[j][first..first + LANES].copy_from_slice(&linear.wanted[0][j]);
            by_b[j][first..first + LANES].copy_from_slice(&linear.wanted[1][j]);
        }
    }
    (by_a, by_b)
}

/// The depths by the equation.
#[inline(always)]
pub fn depths_by_equation<I: Isa, const POINTS: usize, const SECOND: bool, const SMOOTH: bool>(
    out: &mut Depths,
    puts: &Puts,
    n: usize,
) {
    let grid = grid_of(POINTS);
    let curve = solve::<I, POINTS, SECOND, SMOOTH>(puts, n);
    for v in 0..grid.premium.count {
        let cosine = grid.premium.cosine(v);
        let row = grid.row_of_premium::<POINTS>(v);
        for i in 0..n {
            let s = puts.get(i).root * cosine;
            out[v][i] = depth_of(interpolated(&curve, &row, i), SMOOTH, s);
        }
    }
    for i in 0..n {
        out[grid.premium.count][i] = depth_of(curve[0][i], SMOOTH, puts.get(i).root);
    }
}
