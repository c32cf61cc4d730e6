//! The exercise boundary over a block of lanes, by the ways of `american`.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over the lanes of several rows, so that a loop becomes vectors"
)]

use super::american::{
    FAR_FIRST, FAR_NEAR, FAR_SECOND, FAST_FIRST, FAST_SECOND, HIGH_FIRST, HIGH_NEAR, HIGH_SECOND,
    NO_WAY, STANDARD_FIRST, STANDARD_SECOND, WAYS, Way, gather_way, padded_count, polynomials_of,
    way_of,
};
use super::boundary::{
    F, F_FAST, Puts, Row, W, W_FAST, contract_first, contract_second, w_of_first, w_of_second,
};
use super::equation::solve;
use super::instruction_sets::Isa;
use super::lanes::{BLOCK, Columns, Lanes};
use crate::american_boundary::{LEAST_X, MOST_SCALE, MOST_X, Put, exp_of, put_of};
use crate::american_equation::depth_of;
use crate::american_perpetual::perpetual_of;
use crate::american_price::{EUROPEAN, FAST, STANDARD};
use crate::exercise_boundary::{
    LEAST_AMOUNT, amount_of, boundary_of, boundary_state, faded, is_slight, never_exercised,
    put_now, scale_of, start_of,
};
use crate::legs::{INVALID, NOT_A_NUMBER};

/// The depths of puts now by the table, in the first region.
#[inline(always)]
fn depths_now_by_first<const FIRST: usize, const SECOND: usize, const THIRD: usize>(
    depths: &mut Row,
    puts: &Puts,
    n: usize,
) {
    let c = contract_first::<FIRST, SECOND, THIRD>(puts, n);
    for i in 0..n {
        let p = puts.get(i);
        depths[i] = w_of_first(&c, &p, p.reach, i) * p.root;
    }
}

/// In the second.
#[inline(always)]
fn depths_now_by_second<const W0: usize>(depths: &mut Row, puts: &Puts, n: usize) {
    let c = contract_second::<W0>(puts, n);
    for i in 0..n {
        let p = puts.get(i);
        depths[i] = w_of_second(&c, &p, p.reach, p.root, i) * p.root;
    }
}

/// By the equation.
#[inline(always)]
fn depths_now_by_equation<I: Isa, const POINTS: usize, const SECOND: bool, const SMOOTH: bool>(
    depths: &mut Row,
    puts: &Puts,
    n: usize,
) {
    let curve = solve::<I, POINTS, SECOND, SMOOTH>(puts, n);
    for i in 0..n {
        depths[i] = depth_of(curve[0][i], SMOOTH, puts.get(i).root);
    }
}

/// The depths of all lanes; they are found once where they are the same.
#[inline(always)]
fn find_depths_now<I: Isa, const GENERAL: bool>(puts: &mut Puts, way: Way, lanes: usize) -> Row {
    let n = polynomials_of(puts, lanes);
    let mut out = [0.0; BLOCK];
    let to = &mut out;
    match way {
        FAST_FIRST => {
            depths_now_by_first::<{ F_FAST[0] }, { F_FAST[1] }, { F_FAST[2] }>(to, puts, n);
        }
        FAST_SECOND => depths_now_by_second::<W_FAST>(to, puts, n),
        STANDARD_FIRST => depths_now_by_first::<{ F[0] }, { F[1] }, { F[2] }>(to, puts, n),
        STANDARD_SECOND => depths_now_by_second::<{ W[0] }>(to, puts, n),
        _ if !GENERAL => {}
        HIGH_FIRST => depths_now_by_equation::<I, 16, false, false>(to, puts, n),
        HIGH_NEAR => depths_now_by_equation::<I, 24, true, false>(to, puts, n),
        HIGH_SECOND => depths_now_by_equation::<I, 24, true, true>(to, puts, n),
        FAR_FIRST => depths_now_by_equation::<I, 32, false, false>(to, puts, n),
        FAR_NEAR => depths_now_by_equation::<I, 32, true, false>(to, puts, n),
        FAR_SECOND => depths_now_by_equation::<I, 32, true, true>(to, puts, n),
        _ => {}
    }
    if n < lanes {
        let depth = out[0];
        out[..lanes].fill(depth);
    }
    out
}

/// The boundaries of lanes that go a way, in the place of what is there; `fades` are 0 but where the
/// rates of a lane are raised.
#[inline(always)]
fn put_boundaries<I: Isa, const GENERAL: bool>(
    lanes: &mut Lanes,
    puts: &Columns<Put>,
    ways: &[Way; BLOCK],
    fades: &Row,
) {
    let mut some =
        Puts { lanes: Columns::new(), t: [[0.0; BLOCK]; F[0]], share: [[0.0; BLOCK]; F[1]] };
    let mut places = [0; BLOCK];
    for way in FAST_FIRST..if GENERAL { WAYS } else { HIGH_FIRST } {
        let count = gather_way(&mut some, &mut places, puts, ways, way, lanes.count());
        if count == 0 {
            continue;
        }
        let depths = find_depths_now::<I, GENERAL>(&mut some, way, padded_count(count));
        for (k, &i) in places[..count].iter().enumerate() {
            let p = some.get(k);
            let [strike, _, _, _, _, sign] = lanes.operands(i);
            let fade = fades[i];
            let depth = if fade > 0.0 { faded(depths[k], fade, p.root) } else { depths[k] };
            lanes.set_result(i, boundary_of(&p, depth, strike, sign));
        }
    }
}

/// The lanes that the table serves, and those never exercised; the rest is marked.
#[inline(always)]
pub fn boundaries_by_table<I: Isa>(lanes: &mut Lanes) {
    let mut puts = Columns::new();
    lanes.begin(
        &mut puts,
        #[inline(always)]
        |[_, time, rate, dividend, sigma, sign]| {
            put_of([1.0, 1.0, time, rate, dividend, sigma, sign])
        },
    );
    let mut ways = [NO_WAY; BLOCK];
    for i in 0..lanes.count() {
        // SAFETY: `begin` has put all lanes.
        let p = unsafe { puts.get(i) };
        let [strike, time, rate, dividend, sigma, sign, style] = lanes.operands(i);
        let most = f64::INFINITY;
        let ordinary = (strike > 0.0)
            & (strike < most)
            & (time > 0.0)
            & (time < most)
            & (sigma > 0.0)
            & (sigma < most)
            & (rate.abs() < most)
            & (dividend.abs() < most)
            & (sign.abs() == 1.0);
        let known = (style == FAST) | (style == STANDARD);
        let served = (p.covered > 0.0)
            & (p.twofold == 0.0)
            & (p.tabulated > 0.0)
            & !is_slight(&p, p.log_start)
            & (amount_of(&p) > LEAST_AMOUNT);
        let early = p.early > 0.0;
        lanes.set_mark(i, !(ordinary & known & (served | !early)));
        let way = way_of(&p, style);
        ways[i] = if ordinary & known & served & early { way } else { NO_WAY };
        lanes.set_result(i, never_exercised(sign));
    }
    put_boundaries::<I, false>(lanes, &puts, &ways, &[0.0; BLOCK]);
}

/// The boundary where none is looked for: a limit, or NaN where there is none.
fn settled_boundary(p: &Put, inputs: [f64; 7]) -> f64 {
    let [strike, time, rate, dividend, sigma, sign, _] = inputs;
    let (r, q) = if sign > 0.0 { (dividend, rate) } else { (rate, dividend) };
    let two = (r < 0.0) & (q < r);
    let tiny = (p.x <= LEAST_X) & (scale_of(p) < MOST_SCALE);
    let e = perpetual_of(p);
    if !two && (time == 0.0 || sigma == 0.0 || tiny) {
        start_of(strike, rate, dividend, sign)
    } else if !two && p.x < MOST_X && amount_of(p) <= LEAST_AMOUNT {
        never_exercised(sign)
    } else if e.reached {
        strike * exp_of(if sign > 0.0 { e.distance } else { -e.distance })
    } else {
        NOT_A_NUMBER // two boundaries, or beyond all measure
    }
}

/// All lanes, with limits, and NaN where there is no boundary.
#[inline(always)]
pub fn boundaries_everywhere<I: Isa>(lanes: &mut Lanes) {
    let mut puts = Columns::new();
    let (mut ways, mut fades) = ([NO_WAY; BLOCK], [0.0; BLOCK]);
    for i in 0..lanes.count() {
        let inputs = lanes.operands::<7>(i);
        let [_, time, rate, dividend, sigma, sign, style] = inputs;
        let state = boundary_state(inputs);
        let now = put_now([time, rate, dividend, sigma, sign]);
        // SAFETY: i < n <= BLOCK.
        unsafe { puts.put(i, now.put) };
        fades[i] = now.fade;
        let mut invalid = state == INVALID;
        let found = if state != 0 {
            NOT_A_NUMBER
        } else if (style == EUROPEAN) | (now.put.early == 0.0) {
            never_exercised(sign)
        } else if now.looked_for {
            ways[i] = way_of(&now.put, if now.fade > 0.0 { STANDARD } else { style });
            0.0
        } else {
            let limit = settled_boundary(&now.put, inputs);
            invalid = limit.is_nan();
            limit
        };
        lanes.set_mark(i, invalid);
        lanes.set_result(i, found);
    }
    put_boundaries::<I, true>(lanes, &puts, &ways, &fades);
}
