//! Volatility implied by an American price on a lognormal underlying.
//!
//! A search between bounds by parabolas through three points. The European volatility of the price
//! is the first guess and the upper bound, for early exercise is worth something. With V the price
//! and F its limit without volatility, what is brought to 0 is sqrt(V - F) - sqrt(price - F): near
//! the boundary V - F grows as the square of what the volatility is beyond the largest at which the
//! option is exercised at once. At F itself, if that is what exercise brings, that largest one is the
//! volatility: the search is for the boundary, ln m - ln B.
//!
//! How many prices a search takes depends on nothing but its option.

use crate::american_boundary::{discounted_tails, exp_of, is_near, logarithm, put_of};
use crate::american_price::{EUROPEAN, FAST, HIGH, STANDARD, known_path, value_without_volatility};
use crate::elementary::{at_least, at_most, fma, log_ratio, two_to};
use crate::implied_volatility::{
    ABOVE_MAXIMUM, AT_INTRINSIC, AT_MAXIMUM, BELOW_INTRINSIC, INVALID_INPUT, LOW_PRECISION,
    NOT_FINITE, OK,
};
use crate::legs::NOT_A_NUMBER;

pub const MOST_TURNS: usize = 48;
pub const SEARCHING: f64 = -1.0;

/// Where the search for an option's volatility is.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Search {
    /// SEARCHING, or the result's.
    pub code: f64,
    /// Where to look next, in the end the result.
    pub at: f64,
    low: f64,
    high: f64,
    /// Whether a price stands behind `high`, and not the end of what can be priced.
    known: f64,
    /// Where it was looked before, NaN before the first.
    last_at: f64,
    last: f64,
    /// And before that; the secant's slope between the two.
    before: f64,
    slope: f64,
    floor: f64,
    goal: f64,
    /// ln X - ln m, where the boundary is searched for.
    start: f64,
    pub by_boundary: f64,
    /// What rounding amounts costs.
    rounding: f64,
    /// The European code, where it holds.
    told: f64,
}

/// How a search begins, from the European volatility and its code: it may be over at once.
#[inline(always)]
pub fn search_of(
    [price, spot, strike, time, rate, dividend, sign, style]: [f64; 8],
    sigma: f64,
    code: f64,
) -> Search {
    let path = known_path([spot, strike, time, rate, dividend, 0.0, sign]);
    let (s, k, r, q) = (path.spot, path.strike, path.rate, path.dividend);
    let end = fma(k, exp_of(-(r * time)), -(s * exp_of(-(q * time))));
    let floor = value_without_volatility(&path, end);
    let larger = at_least(s, k);
    let unit = if floor > 0.0 { two_to(-51) * larger } else { 0.0 };
    let most = two_to(-51) * k;
    let solved = ((code == OK) | (code == LOW_PRECISION)) & (sigma > 0.0);
    let near = is_near(s) & is_near(k);
    let late = (q > r) & (r > 0.0);
    let log_m = logarithm(log_ratio(if near { s } else { 1.0 }, if near { k } else { 1.0 }));
    let log_start = logarithm(log_ratio(if late { r } else { 1.0 }, if late { q } else { 1.0 }));
    let at_floor = (floor - unit <= price) & (price <= floor + unit);
    let by_boundary = at_floor & (path.now > 0.0) & (path.now == floor);
    let root = time.sqrt();
    let at = if solved { sigma } else { 2.0 / root };
    let least = at_least(log_start - log_m, two_to(-20)) / root;
    let at = if by_boundary { least } else { at };
    let at_once = at_floor & !by_boundary;
    let found = if at_once { AT_INTRINSIC } else { SEARCHING };
    let at = if at_once { 0.0 } else { at };
    let minute = solved & (floor == 0.0) & (price < two_to(-960) * k); // no premium is so small
    let found = if minute { LOW_PRECISION } else { found };
    let at = if minute { sigma } else { at };
    let found = if price >= k - most { AT_MAXIMUM } else { found };
    let at = if price >= k - most { f64::INFINITY } else { at };
    let found = if price > k + most { ABOVE_MAXIMUM } else { found };
    let found = if price < floor - unit { BELOW_INTRINSIC } else { found };
    let early = (r > 0.0) | (q < r);
    let single = !((r < 0.0) & (q < r));
    let found = if near & single & (time < f64::INFINITY) { found } else { INVALID_INPUT };
    let told = (code == NOT_FINITE) | (code == INVALID_INPUT) | (code == BELOW_INTRINSIC);
    let european = told | (time == 0.0) | !early | (style == EUROPEAN);
    let found = if european { code } else { found };
    let at = if european { sigma } else { at };
    let known = (style == EUROPEAN) | (style == FAST) | (style == STANDARD) | (style == HIGH);
    let found = if known | told { found } else { INVALID_INPUT };
    Search {
        code: found,
        at,
        low: 0.0,
        high: f64::INFINITY,
        known: 0.0,
        last_at: NOT_A_NUMBER,
        last: 0.0,
        before: NOT_A_NUMBER,
        slope: 0.0,
        floor,
        goal: (price - floor).sqrt(),
        start: log_start - log_m,
        by_boundary: if by_boundary { 1.0 } else { 0.0 },
        rounding: two_to(-52) * larger,
        told: if solved & (path.now == 0.0) { code } else { SEARCHING },
    }
}

/// The offset's slope where the search begins. It is that of the European price. A depth grows as
/// the volatility does.
#[inline(always)]
pub fn slope_at_first(
    search: &Search,
    offset: f64,
    [_, spot, strike, time, rate, dividend, sign, _]: [f64; 8],
) -> f64 {
    let p = put_of([spot, strike, time, rate, dividend, search.at, sign]);
    let plus = fma(1.0 / p.root, fma(p.a - p.b, p.x, p.log_m), 0.5 * p.root);
    let tails = discounted_tails(plus - p.root, plus, -(p.a * p.x), fma(-p.b, p.x, p.log_m));
    let vega = p.strike * (tails.plus_density * time.sqrt());
    let by_boundary = (offset + search.start) / search.at;
    let by_price = 0.5 * vega / (offset + search.goal);
    if search.by_boundary > 0.0 { by_boundary } else { by_price }
}

/// What is to be brought to 0, infinite where nothing can be priced.
#[inline(always)]
pub fn offset_of(search: &Search, value: f64, distance: f64) -> f64 {
    let over = at_least(value - search.floor, 0.0).sqrt() - search.goal;
    let offset = if search.by_boundary > 0.0 { distance } else { over };
    if value.is_nan() { f64::INFINITY } else { offset }
}

/// The search a turn on, `first` being the slope of the first one.
#[inline(always)]
pub fn advanced(search: &Search, price: f64, value: f64, offset: f64, first: f64) -> Search {
    let is_first = search.last_at.is_nan();
    let by_boundary = search.by_boundary > 0.0;
    let close = !by_boundary & ((value - price).abs() <= two_to(-48) * price);
    let low = if offset < 0.0 { search.at } else { search.low };
    let high = if offset > 0.0 { search.at } else { search.high };
    let known = if (offset > 0.0) & (offset < f64::INFINITY) { 1.0 } else { search.known };
    let moved = search.at - search.last_at;
    let slope = if is_first { first } else { (offset - search.last) / moved };
    let bend = (slope - search.slope) / (search.at - search.before);
    let own = fma(bend, moved, slope);
    let root = fma(own, own, -4.0 * (offset * bend)).sqrt();
    let by_parabola = search.at - 2.0 * offset / if own < 0.0 { own - root } else { own + root };
    let to = search.at - offset / slope;
    let middle = if high < f64::INFINITY { 0.5 * (low + high) } else { 2.0 * search.at };
    let end = at_most(high, 4.0 * search.at);
    let to = if (low < to) & (to < end) { to } else { middle };
    let to = if (low < by_parabola) & (by_parabola < end) { by_parabola } else { to };
    let still = if by_boundary { two_to(-13) } else { two_to(-20) } * search.at;
    let hit = close | (offset == 0.0);
    let over = hit | ((to - search.at).abs() <= still) | (high - low <= still);
    let lost = (high < f64::INFINITY) & (known == 0.0) & !close;
    let result = if hit { search.at } else { to };
    let result = if lost { f64::INFINITY } else { result };
    let precise = search.rounding <= 1e-8 * search.at * (2.0 * search.goal * slope);
    let code = if precise { OK } else { LOW_PRECISION };
    let code = if search.told == SEARCHING { code } else { search.told };
    let code = if lost { AT_MAXIMUM } else { code };
    let code = if by_boundary { AT_INTRINSIC } else { code };
    Search {
        code: if over { code } else { SEARCHING },
        at: if over { result } else { to },
        low,
        high,
        known,
        last_at: search.at,
        last: offset,
        before: search.last_at,
        slope,
        ..*search
    }
}

/// The value that goes with a code.
#[inline(always)]
pub fn american_volatility_of(sigma: f64, code: f64) -> f64 {
    let none = (code == BELOW_INTRINSIC)
        | (code == ABOVE_MAXIMUM)
        | (code == NOT_FINITE)
        | (code == INVALID_INPUT);
    if none { NOT_A_NUMBER } else { sigma }
}
