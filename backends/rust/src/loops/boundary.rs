//! The boundary of a block of puts: the table that all backends share, and depths from it.

#![allow(
    clippy::needless_range_loop,
    reason = "one index runs over the lanes of several rows, so that a loop becomes vectors"
)]

use super::lanes::{BLOCK, Columns};
use crate::american_boundary::{Put, first_w, second_w, third_coordinate};
use crate::elementary::fma;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The table, which is the core's.
static BOUNDARY: AtomicPtr<f64> = AtomicPtr::new(ptr::null_mut());

/// Coefficients of f, w0 and g in the first coordinate, the second and the third.
pub const F: [usize; 3] = [24, 20, 14];
pub const W: [usize; 3] = [12, 12, 12];
pub const G: [usize; 3] = [14, 12, 14];
pub const AT_W: usize = F[0] * F[1] * F[2];
pub const AT_G: usize = AT_W + W[0] * W[1] * W[2];

/// Of the table's coefficients the fast way takes these.
pub const F_FAST: [usize; 3] = [12, 12, 8];
pub const W_FAST: usize = 8;

/// Behind them sines, cosines and weights of quadratures with so many nodes each, the cosines of
/// pi k / 96, and the matrices of three grids; see `equation`.
pub const AT_15: usize = AT_G + G[0] * G[1] * G[2];
pub const AT_26: usize = AT_15 + 3 * 15;
pub const AT_16: usize = AT_26 + 3 * 26;
pub const AT_20: usize = AT_16 + 3 * 16;
pub const AT_32: usize = AT_20 + 3 * 20;
pub const AT_64: usize = AT_32 + 3 * 32;
pub const AT_96: usize = AT_64 + 3 * 64;
pub const AT_COSINES: usize = AT_96 + 3 * 96;
pub const ANGLES: usize = 96;
pub const AT_GRIDS: usize = AT_COSINES + ANGLES + 1;
const LENGTH: usize = super::equation::END;

pub type Row = [f64; BLOCK];
pub type Table = [f64; LENGTH];

/// Take the table, by its address, and say whether it has the length it should have.
pub fn read_boundary(address: usize, length: usize) -> bool {
    BOUNDARY.store(ptr::with_exposed_provenance_mut(address), Ordering::Relaxed);
    length == LENGTH
}

#[inline(always)]
pub fn boundary() -> &'static Table {
    // SAFETY: the plugin has handed over the core's table, which stays for ever, before any address
    // of a kernel.
    unsafe { &*BOUNDARY.load(Ordering::Relaxed).cast::<Table>() }
}

/// A quadrature: its number of nodes, and where they are.
#[derive(Clone, Copy)]
pub struct Nodes {
    pub count: usize,
    pub at: usize,
}

pub const MOST_NODES: usize = 96;

impl Nodes {
    #[inline(always)]
    pub fn sine(self, v: usize) -> f64 {
        boundary()[self.at + v]
    }

    /// The nodes, and now behind them; over a range that includes its end, loops are not made into
    /// vectors as well.
    #[inline(always)]
    pub fn and_now(self) -> Range<usize> {
        0..self.count + 1
    }

    /// Behind the nodes it is now.
    #[inline(always)]
    pub fn cosine(self, v: usize) -> f64 {
        if v < self.count { boundary()[self.at + self.count + v] } else { 1.0 }
    }

    #[inline(always)]
    pub fn weight(self, v: usize) -> f64 {
        boundary()[self.at + 2 * self.count + v]
    }
}

/// Puts whose boundary is asked for, and the Chebyshev polynomials of their first coordinates.
pub struct Puts {
    pub lanes: Columns<Put>,
    pub t: [Row; F[0]],
    pub share: [Row; F[1]],
}

impl Puts {
    #[inline(always)]
    pub fn get(&self, i: usize) -> Put {
        // SAFETY: i is one of the lanes that have been put.
        unsafe { self.lanes.get(i) }
    }
}

/// The boundary's depth at the nodes of the premium, and behind them now.
pub type Depths = [Row; MOST_NODES + 1];

/// T_0, T_1, ... of y in [-1, 1].
#[inline(always)]
pub fn chebyshev<const TERMS: usize>(out: &mut [Row; TERMS], y: &Row, n: usize) {
    for i in 0..n {
        out[0][i] = 1.0;
        out[1][i] = y[i];
    }
    for k in 2..TERMS {
        for i in 0..n {
            out[k][i] = fma(2.0 * y[i], out[k - 1][i], -out[k - 2][i]);
        }
    }
}

/// The series in the third coordinate that is left of coefficients, SECONDS x THIRDS for each of the
/// first, of which the leading FIRST x SECOND x THIRD are taken; four of the second at a time.
#[inline(always)]
pub fn contract<
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
pub fn series<const TERMS: usize>(c: &[Row; TERMS], y: f64, i: usize) -> f64 {
    let (mut one, mut two) = (0.0, 0.0);
    for k in (1..TERMS).rev() {
        let next = fma(y + y, one, c[k][i] - two);
        two = one;
        one = next;
    }
    fma(y, one, c[0][i] - two)
}

/// What is left of the table for the third coordinate in the first region.
pub type First<const THIRD: usize> = [Row; THIRD];

/// In the second: w0 and g.
pub struct Second<const W0: usize> {
    w0: [Row; W0],
    g: [Row; G[2]],
}

#[inline(always)]
pub fn contract_first<const FIRST: usize, const SECOND: usize, const THIRD: usize>(
    puts: &Puts,
    n: usize,
) -> First<THIRD> {
    contract::<FIRST, SECOND, THIRD, { F[1] }, { F[2] }>(boundary(), &puts.t, &puts.share, n)
}

#[inline(always)]
pub fn contract_second<const W0: usize>(puts: &Puts, n: usize) -> Second<W0> {
    let (t, share) = (&puts.t, &puts.share);
    let table = &boundary()[AT_W..];
    let w0 = contract::<W0, W0, W0, { W[1] }, { W[2] }>(table, t, share, n);
    let table = &boundary()[AT_G..];
    Second {
        w0,
        g: contract::<{ G[0] }, { G[1] }, { G[2] }, { G[1] }, { G[2] }>(table, t, share, n),
    }
}

/// A lane's w by the table, z being held within the table.
#[inline(always)]
pub fn w_of_first<const THIRD: usize>(c: &First<THIRD>, p: &Put, z: f64, i: usize) -> f64 {
    first_w(series(c, third_coordinate(p, z), i))
}

/// The same where sqrt(u) = s.
#[inline(always)]
pub fn w_of_second<const W0: usize>(c: &Second<W0>, p: &Put, z: f64, s: f64, i: usize) -> f64 {
    let start = series(&c.w0, third_coordinate(p, z), i);
    let late = series(&c.g, fma(2.0, z, -1.0), i);
    second_w(p, start, late, 1.0 / (s * s))
}

/// The depths by the table, in the first region.
#[inline(always)]
pub fn depths_by_first<const FIRST: usize, const SECOND: usize, const THIRD: usize>(
    out: &mut Depths,
    puts: &Puts,
    nodes: Nodes,
    n: usize,
) {
    let c = contract_first::<FIRST, SECOND, THIRD>(puts, n);
    for v in nodes.and_now() {
        let cosine = nodes.cosine(v);
        for i in 0..n {
            let p = puts.get(i);
            let w = w_of_first(&c, &p, p.reach * cosine, i);
            out[v][i] = w * (p.root * cosine);
        }
    }
}

/// In the second.
#[inline(always)]
pub fn depths_by_second<const W0: usize>(out: &mut Depths, puts: &Puts, nodes: Nodes, n: usize) {
    let c = contract_second::<W0>(puts, n);
    for v in nodes.and_now() {
        let cosine = nodes.cosine(v);
        for i in 0..n {
            let p = puts.get(i);
            let s = p.root * cosine;
            out[v][i] = w_of_second(&c, &p, p.reach * cosine, s, i) * s;
        }
    }
}
