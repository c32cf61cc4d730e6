//! Searches for implied volatilities over a block of lanes. Those that are left go together from turn
//! to turn.

use super::american::{padded_count, worth_now};
use super::boundary::Row;
use super::instruction_sets::Isa;
use super::lanes::{BLOCK, Block, Columns, Inputs, Lanes, MOST_INPUTS, MOST_OUTPUTS, Marks};
use super::operations::AmericanPrice;
use crate::american_implied_volatility::{
    MOST_TURNS, SEARCHING, Search, advanced, american_volatility_of, offset_of, search_of,
    slope_at_first,
};
use crate::implied_volatility::LOW_PRECISION;
use crate::legs::NOT_A_NUMBER;

/// Prices at the volatilities that are looked at next, and ln m - ln B, or its sign where no boundary
/// is looked for.
#[inline(always)]
fn value_searched<I: Isa, const GENERAL: bool>(mut lanes: Lanes, distances: &mut Row) {
    distances.fill(NOT_A_NUMBER);
    AmericanPrice::price::<I, GENERAL>(&mut lanes, distances);
    for (i, distance) in distances.iter_mut().enumerate().take(lanes.count()) {
        let side = if lanes.result(i) > worth_now(lanes.operands(i)) { 1.0 } else { -1.0 };
        *distance = if distance.is_nan() { side } else { *distance };
    }
}

/// Search on until no lane is left; the ordinary form leaves, and marks, those beyond it.
#[inline(always)]
fn search_on<I: Isa, const GENERAL: bool>(lanes: &mut Lanes, searches: &mut Columns<Search>) {
    let mut given: [Block; MOST_INPUTS] = [Block::new(); MOST_INPUTS];
    let mut values: [Block; MOST_OUTPUTS] = [Block::new(); MOST_OUTPUTS];
    let outputs = values.each_mut().map(Block::start);
    let inputs: Inputs = given.each_mut().map(|row| row.start().cast_const());
    let mut special = Marks::new();
    let mut distances = [0.0; BLOCK];
    let mut some = Columns::<Search>::new();
    let mut places = [0; BLOCK];
    for turn in 0..MOST_TURNS {
        let mut count = 0;
        for i in 0..lanes.count() {
            places[count] = i;
            // SAFETY: all lanes have been put.
            let searching = unsafe { searches.get(i) }.code == SEARCHING;
            count += usize::from(searching & (GENERAL | !lanes.is_marked(i)));
        }
        if count == 0 {
            return;
        }
        let n = padded_count(count);
        let first = places[0];
        places[count..n].fill(first);
        some.gather(searches, &places[..n]);
        for (k, &i) in places[..n].iter().enumerate() {
            let [_, spot, strike, time, rate, dividend, sign, style] = lanes.operands(i);
            // SAFETY: k < n <= BLOCK, and all lanes have been put.
            unsafe {
                let sigma = some.get(k).at;
                let operands = [spot, strike, time, rate, dividend, sigma, sign, style];
                for (row, x) in given.iter_mut().zip(operands) {
                    row.put(k, x);
                }
            }
        }
        // SAFETY: `inputs` and `outputs` are n lanes of their own, n a multiple of LANES.
        let valued = unsafe { Lanes::new(&inputs, &outputs, &mut special, n, 1) };
        value_searched::<I, GENERAL>(valued, &mut distances);
        for (k, &i) in places[..n].iter().enumerate() {
            let operands = lanes.operands(i);
            // SAFETY: k < n, and all lanes have been put.
            unsafe {
                let (search, value) = (some.get(k), values[0].get(k));
                let offset = offset_of(&search, value, distances[k]);
                let slope = if turn == 0 { slope_at_first(&search, offset, operands) } else { 0.0 };
                some.put(k, advanced(&search, operands[0], value, offset, slope));
            }
        }
        for (k, &i) in places[..count].iter().enumerate() {
            // SAFETY: k < n <= BLOCK, and all lanes have been put.
            unsafe {
                searches.put(i, some.get(k));
                if !GENERAL {
                    lanes.mark(i, special.get(k) != 0);
                }
            }
        }
    }
}

/// The search from what the European inversion has left, and its results. For a boundary it needs
/// nothing of that: it goes on where that was special.
#[inline(always)]
pub fn search<I: Isa, const GENERAL: bool>(lanes: &mut Lanes) {
    let mut searches = Columns::<Search>::new();
    for i in 0..lanes.count() {
        let operands = lanes.operands(i);
        let found = search_of(operands, lanes.result(i), lanes.result_of(1, i));
        let by_boundary = (found.code == SEARCHING) & (operands[6].abs() == 1.0);
        if by_boundary & (found.by_boundary > 0.0) {
            lanes.unmark(i);
        }
        // SAFETY: i < n <= BLOCK.
        unsafe { searches.put(i, found) };
    }
    search_on::<I, GENERAL>(lanes, &mut searches);
    for i in 0..lanes.count() {
        // SAFETY: all lanes have been put.
        let found = unsafe { searches.get(i) };
        let code = if found.code == SEARCHING { LOW_PRECISION } else { found.code };
        let sigma = american_volatility_of(found.at, code);
        lanes.set_result(i, sigma);
        lanes.set_result_of(1, i, code);
        if GENERAL {
            let missing = lanes.operands::<8>(i).iter().any(|x| x.is_nan());
            lanes.unmark(i);
            lanes.mark(i, sigma.is_nan() & !missing);
        } else {
            lanes.mark(i, sigma.is_nan());
        }
    }
}
