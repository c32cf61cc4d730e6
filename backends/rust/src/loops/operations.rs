//! The operations, put together from lanes: which lanes run one after the other over a block.

use super::Operation;
use super::american::{add_premium, settle};
use super::american_greeks::{OF_EUROPEAN, add_premium_greeks, settle_greeks};
use super::american_implied_volatility::search;
use super::boundary::Row;
use super::exercise_boundary::{boundaries_by_table, boundaries_everywhere};
use super::instruction_sets::Isa;
use super::lanes::{BLOCK, Block, Columns, Lanes, MOST_OUTPUTS, Mark};
use crate::american_greeks::AMERICAN_GREEKS;
use crate::bachelier_greeks::{
    BachelierOption, bachelier_greeks_of, bachelier_parts_general, bachelier_parts_ordinary,
};
use crate::bachelier_implied_volatility::{
    BachelierQuote, Undiscounted, bachelier_implied_volatility_general,
    bachelier_implied_volatility_ordinary, bachelier_seed, bachelier_step, undiscounted_ordinary,
};
use crate::bachelier_price::{
    bachelier_price_general, bachelier_price_ordinary, bachelier_terms_general,
};
use crate::elementary::times_power;
use crate::greeks::{
    FIRST, GREEKS, LognormalOption, SECOND, amounts_in_unit, greeks_of, parts_general,
    parts_ordinary, rescaled, swept,
};
use crate::implied_volatility::{
    Implied, OK, STEPS, Step, code_of_nan, implied_volatility_general, implied_volatility_ordinary,
    seed, step, volatility_of,
};
use crate::legs::{
    INVALID, Legs, NOT_A_NUMBER, State, deviation_ordinary, legs_general, legs_ordinary, magnitude,
    separation_general, sigma_state, sign_state, tails_ordinary,
};
use crate::normalized_price::{NormalizedPrice, normalized_price_ordinary};
use crate::price::{price_general, price_ordinary};

/// The first half of the operations on a lognormal underlying: short enough for the processor to
/// overlap several vectors of it, as the second is.
#[inline(always)]
fn put_legs(lanes: &Lanes, columns: &mut Columns<Legs>) {
    lanes.begin(
        columns,
        #[inline(always)]
        |[spot, strike, time, rate, dividend]| legs_ordinary(spot, strike, time, rate, dividend),
    )
}

pub struct Price;

impl Operation for Price {
    const INPUTS: usize = 7;
    const OUTPUTS: u32 = 1;

    #[inline(always)]
    fn ordinary<I: Isa>(lanes: Lanes) {
        let mut legs = Columns::new();
        put_legs(&lanes, &mut legs);
        lanes.finish(
            &legs,
            #[inline(always)]
            |[_, _, time, _, _, sigma, sign], legs| {
                let d = deviation_ordinary(magnitude(legs.y), time, sigma);
                let (price, special) = price_ordinary(&legs, &d, &tails_ordinary(&d), sign);
                ([price], special)
            },
        );
    }

    #[inline(always)]
    fn general<I: Isa>(lanes: Lanes) {
        lanes.run(
            #[inline(always)]
            |[spot, strike, time, rate, dividend, sigma, sign]| {
                let legs = legs_general(spot, strike, time, rate, dividend);
                let separation = separation_general(&legs, time, sigma);
                let state = legs.state | sigma_state(sigma, separation.d.v) | sign_state(sign);
                let price = price_general(&legs, &separation, sign);
                let value = times_power(price.value, price.exponent);
                ([if state != 0 { NOT_A_NUMBER } else { value }], state == INVALID)
            },
        );
    }
}

pub struct AmericanPrice;

impl AmericanPrice {
    /// The prices, and ln m - ln B now where a boundary is looked for.
    #[inline(always)]
    pub fn price<I: Isa, const GENERAL: bool>(lanes: &mut Lanes, distances: &mut Row) {
        if GENERAL {
            Price::general::<I>(lanes.again());
            add_premium::<I, true>(lanes, distances);
            settle(lanes);
        } else {
            Price::ordinary::<I>(lanes.again());
            add_premium::<I, false>(lanes, distances);
        }
    }
}

impl Operation for AmericanPrice {
    const INPUTS: usize = 8;
    const OUTPUTS: u32 = 1;

    #[inline(always)]
    fn ordinary<I: Isa>(mut lanes: Lanes) {
        Self::price::<I, false>(&mut lanes, &mut [0.0; BLOCK]);
    }

    #[inline(always)]
    fn general<I: Isa>(mut lanes: Lanes) {
        Self::price::<I, true>(&mut lanes, &mut [0.0; BLOCK]);
    }
}

/// Greeks up to the order of the last that is wanted.
macro_rules! up_to_order {
    ($greeks:ident($lanes:ident $(, $columns:expr)?)) => {
        match $lanes.wanted() {
            wanted if wanted >> SECOND != 0 => $greeks::<GREEKS>($lanes $(, $columns)?),
            wanted if wanted >> FIRST != 0 => $greeks::<SECOND>($lanes $(, $columns)?),
            _ => $greeks::<FIRST>($lanes $(, $columns)?),
        }
    };
}

#[inline(always)]
fn lognormal_option(
    [spot, strike, time, rate, dividend, sigma, sign]: [f64; 7],
) -> LognormalOption {
    LognormalOption { spot, strike, time, rate, dividend, sigma, sign }
}

/// In one loop, for the many results are written while others are computed.
#[inline(always)]
fn greeks_up_to<const N: usize>(lanes: Lanes, legs: &Columns<Legs>) {
    lanes.finish(
        legs,
        #[inline(always)]
        |inputs, legs| {
            let option = lognormal_option(inputs);
            let (parts, special) = parts_ordinary(&legs, &option);
            (greeks_of::<N>(&option, &parts), special)
        },
    );
}

/// The greeks of an order, from units of 2^unit. Order by order, for the compiler leaves a longer loop
/// rolled up, and then computes lane after lane.
#[inline(always)]
fn bring_back<const FROM: usize, const TO: usize>(
    greeks: &mut [f64; GREEKS],
    unit: f64,
    state: State,
) {
    for (i, x) in greeks[FROM..TO].iter_mut().enumerate() {
        *x = swept(rescaled(FROM + i, *x, unit), state);
    }
}

pub struct Greeks;

impl Operation for Greeks {
    const INPUTS: usize = 7;
    const OUTPUTS: u32 = GREEKS as u32;

    #[inline(always)]
    fn ordinary<I: Isa>(lanes: Lanes) {
        let mut legs = Columns::new();
        put_legs(&lanes, &mut legs);
        up_to_order!(greeks_up_to(lanes, &legs));
    }

    #[inline(always)]
    fn general<I: Isa>(lanes: Lanes) {
        lanes.run(
            #[inline(always)]
            |inputs| {
                let x = lognormal_option(inputs);
                let legs = legs_general(x.spot, x.strike, x.time, x.rate, x.dividend);
                let amounts = amounts_in_unit(x.spot, x.strike);
                let mut greeks = greeks_of::<GREEKS>(&x, &parts_general(&legs, &x, &amounts));
                let v = (x.sigma * x.time.sqrt()).abs();
                let state = legs.state | sigma_state(x.sigma, v) | sign_state(x.sign);
                bring_back::<0, FIRST>(&mut greeks, amounts.unit, state);
                bring_back::<FIRST, SECOND>(&mut greeks, amounts.unit, state);
                bring_back::<SECOND, GREEKS>(&mut greeks, amounts.unit, state);
                (greeks, state == INVALID)
            },
        );
    }
}

pub struct AmericanGreeks;

/// The European greeks of the first two orders and of the first one.
const TWO_ORDERS: i64 = (1 << SECOND) - 1;
const ONE_ORDER: i64 = (1 << FIRST) - 1;

impl Operation for AmericanGreeks {
    const INPUTS: usize = 8;
    const OUTPUTS: u32 = AMERICAN_GREEKS as u32;

    #[inline(always)]
    fn ordinary<I: Isa>(mut lanes: Lanes) {
        let mut rows = [Block::new(); MOST_OUTPUTS];
        let outputs = rows.each_mut().map(Block::start);
        if lanes.wanted() >> FIRST != 0 {
            let mut all = lanes.with_results(&outputs, TWO_ORDERS);
            Greeks::ordinary::<I>(all.again());
            add_premium_greeks::<I, false, true>(&mut all);
        } else {
            let mut all = lanes.with_results(&outputs, ONE_ORDER);
            Greeks::ordinary::<I>(all.again());
            add_premium_greeks::<I, false, false>(&mut all);
        }
        lanes.put_results(&rows, &OF_EUROPEAN);
    }

    #[inline(always)]
    fn general<I: Isa>(mut lanes: Lanes) {
        let mut rows = [Block::new(); MOST_OUTPUTS];
        let outputs = rows.each_mut().map(Block::start);
        let mut all = lanes.with_results(&outputs, TWO_ORDERS);
        Greeks::general::<I>(all.again());
        add_premium_greeks::<I, true, true>(&mut all);
        settle_greeks(&mut all);
        lanes.put_results(&rows, &OF_EUROPEAN);
    }
}

pub struct ExerciseBoundary;

impl Operation for ExerciseBoundary {
    const INPUTS: usize = 7;
    const OUTPUTS: u32 = 1;

    #[inline(always)]
    fn ordinary<I: Isa>(mut lanes: Lanes) {
        boundaries_by_table::<I>(&mut lanes);
    }

    #[inline(always)]
    fn general<I: Isa>(mut lanes: Lanes) {
        boundaries_everywhere::<I>(&mut lanes);
    }
}

/// What passes between the loops of an implied volatility.
#[derive(Clone, Copy)]
#[repr(C)]
struct Solving {
    to: NormalizedPrice,
    at: Step,
    in_the_money: Mark,
    special: Mark,
}

impl Solving {
    /// Where the ordinary form holds prices need no exponent of their own.
    #[inline(always)]
    fn to(&self) -> NormalizedPrice {
        NormalizedPrice { shift: 0.0, ..self.to }
    }
}

/// What a code stands for; and whether the lane is outside the domain.
#[inline(always)]
fn by_code<const N: usize>(lane: &Implied, inputs: [f64; N]) -> ([f64; 2], bool) {
    let code = if lane.sigma.is_nan() { code_of_nan(lane.code) } else { lane.code };
    let sigma = volatility_of(lane.sigma, code);
    let mut outside = sigma.is_nan();
    for x in inputs {
        outside &= !x.is_nan();
    }
    ([sigma, code], outside)
}

pub struct ImpliedVolatility;

impl Operation for ImpliedVolatility {
    const INPUTS: usize = 7;
    const OUTPUTS: u32 = 2;
    const CODES: i64 = 2;

    #[inline(always)]
    fn ordinary<I: Isa>(lanes: Lanes) {
        let mut columns = Columns::new();
        lanes.begin(
            &mut columns,
            #[inline(always)]
            |[price, spot, strike, time, rate, dividend, sign]| {
                let legs = legs_ordinary(spot, strike, time, rate, dividend);
                let lane = normalized_price_ordinary(&legs, price, sign);
                Solving {
                    to: lane.normalized,
                    at: Step { s: 0.0, per_density: 0.0 },
                    in_the_money: Mark::from(lane.in_the_money),
                    special: Mark::from(lane.special),
                }
            },
        );
        lanes.go_on(
            &mut columns,
            #[inline(always)]
            |x| Solving { at: Step { s: seed(&x.to()), ..x.at }, ..x },
        );
        for _ in 1..STEPS {
            lanes.go_on(
                &mut columns,
                #[inline(always)]
                |x| Solving { at: Step { s: step(&x.to(), x.at.s, false).s, ..x.at }, ..x },
            );
        }
        lanes.go_on(
            &mut columns,
            #[inline(always)]
            |x| Solving { at: step(&x.to(), x.at.s, true), ..x },
        );
        lanes.finish(
            &columns,
            #[inline(always)]
            |[_, _, _, time, rate, dividend, _], x| {
                let in_the_money = x.in_the_money != 0;
                let (sigma, special) =
                    implied_volatility_ordinary(&x.to, &x.at, in_the_money, time, rate, dividend);
                ([sigma, OK], special | (x.special != 0))
            },
        );
    }

    #[inline(always)]
    fn general<I: Isa>(lanes: Lanes) {
        lanes.run(
            #[inline(always)]
            |inputs| {
                let [price, spot, strike, time, rate, dividend, sign] = inputs;
                let lane =
                    implied_volatility_general(price, spot, strike, time, rate, dividend, sign);
                by_code(&lane, inputs)
            },
        );
    }
}

pub struct AmericanImpliedVolatility;

impl Operation for AmericanImpliedVolatility {
    const INPUTS: usize = 8;
    const OUTPUTS: u32 = 2;
    const CODES: i64 = 2;

    #[inline(always)]
    fn ordinary<I: Isa>(mut lanes: Lanes) {
        let mut rows = [Block::new(); MOST_OUTPUTS];
        let outputs = rows.each_mut().map(Block::start);
        let mut both = lanes.with_results(&outputs, 0b11);
        ImpliedVolatility::ordinary::<I>(both.again());
        search::<I, false>(&mut both);
        lanes.put_results(&rows, &[0, 1]);
    }

    #[inline(always)]
    fn general<I: Isa>(mut lanes: Lanes) {
        let mut rows = [Block::new(); MOST_OUTPUTS];
        let outputs = rows.each_mut().map(Block::start);
        let mut both = lanes.with_results(&outputs, 0b11);
        ImpliedVolatility::general::<I>(both.again());
        search::<I, true>(&mut both);
        lanes.put_results(&rows, &[0, 1]);
    }
}

pub struct BachelierPrice;

impl Operation for BachelierPrice {
    const INPUTS: usize = 6;
    const OUTPUTS: u32 = 1;

    #[inline(always)]
    fn ordinary<I: Isa>(lanes: Lanes) {
        lanes.run(
            #[inline(always)]
            |[forward, strike, time, rate, sigma, sign]| {
                let (price, special) =
                    bachelier_price_ordinary(forward, strike, time, rate, sigma, sign);
                ([price], special)
            },
        );
    }

    #[inline(always)]
    fn general<I: Isa>(lanes: Lanes) {
        lanes.run(
            #[inline(always)]
            |[forward, strike, time, rate, sigma, sign]| {
                let terms = bachelier_terms_general(forward, strike, time, rate, sigma, sign);
                let price = bachelier_price_general(&terms, time, rate);
                let price = if terms.state != 0 { NOT_A_NUMBER } else { price };
                ([price], terms.state == INVALID)
            },
        );
    }
}

#[inline(always)]
fn bachelier_option([forward, strike, time, rate, sigma, sign]: [f64; 6]) -> BachelierOption {
    BachelierOption { forward, strike, time, rate, sigma, sign }
}

#[inline(always)]
fn bachelier_greeks_up_to<const N: usize>(lanes: Lanes) {
    lanes.run(
        #[inline(always)]
        |inputs| {
            let option = bachelier_option(inputs);
            let (parts, special) = bachelier_parts_ordinary(&option);
            (bachelier_greeks_of::<N>(&option, &parts), special)
        },
    );
}

pub struct BachelierGreeks;

impl Operation for BachelierGreeks {
    const INPUTS: usize = 6;
    const OUTPUTS: u32 = GREEKS as u32;

    #[inline(always)]
    fn ordinary<I: Isa>(lanes: Lanes) {
        up_to_order!(bachelier_greeks_up_to(lanes));
    }

    #[inline(always)]
    fn general<I: Isa>(lanes: Lanes) {
        lanes.run(
            #[inline(always)]
            |inputs| {
                let x = bachelier_option(inputs);
                let terms =
                    bachelier_terms_general(x.forward, x.strike, x.time, x.rate, x.sigma, x.sign);
                let parts = bachelier_parts_general(&terms, &x);
                let greeks = bachelier_greeks_of::<GREEKS>(&x, &parts);
                (greeks.map(|greek| swept(greek, terms.state)), terms.state == INVALID)
            },
        );
    }
}

/// What passes between the loops of a Bachelier implied volatility.
#[derive(Clone, Copy)]
#[repr(C)]
struct BachelierSolving {
    to: Undiscounted,
    s: f64,
}

#[inline(always)]
fn bachelier_quote([price, forward, strike, time, rate, sign]: [f64; 6]) -> BachelierQuote {
    BachelierQuote { price, forward, strike, time, rate, sign }
}

pub struct BachelierImpliedVolatility;

impl Operation for BachelierImpliedVolatility {
    const INPUTS: usize = 6;
    const OUTPUTS: u32 = 2;
    const CODES: i64 = 2;

    #[inline(always)]
    fn ordinary<I: Isa>(lanes: Lanes) {
        let mut columns = Columns::new();
        lanes.begin(
            &mut columns,
            #[inline(always)]
            |inputs| {
                let to = undiscounted_ordinary(&bachelier_quote(inputs));
                BachelierSolving { to, s: bachelier_seed(to.c, to.k) }
            },
        );
        lanes.go_on(
            &mut columns,
            #[inline(always)]
            |x| BachelierSolving { s: bachelier_step(x.to.c, x.to.k, x.s).s, ..x },
        );
        lanes.finish(
            &columns,
            #[inline(always)]
            |inputs, x| {
                let last = bachelier_step(x.to.c, x.to.k, x.s);
                let quote = bachelier_quote(inputs);
                let (sigma, special) = bachelier_implied_volatility_ordinary(&quote, &x.to, &last);
                ([sigma, OK], special)
            },
        );
    }

    #[inline(always)]
    fn general<I: Isa>(lanes: Lanes) {
        lanes.run(
            #[inline(always)]
            |inputs| {
                let [price, forward, strike, time, rate, sign] = inputs;
                let lane =
                    bachelier_implied_volatility_general(price, forward, strike, time, rate, sign);
                by_code(&lane, inputs)
            },
        );
    }
}
