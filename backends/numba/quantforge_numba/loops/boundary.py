"""The boundary of a block of puts: the table that all backends share, and depths from it.

Of what a block has many numbers a lane, row k has its lanes from k BLOCK on.
"""

from typing import NamedTuple

from quantforge_numba.american_boundary import first_w, second_w, third_coordinate
from quantforge_numba.intrinsics import fma, inlined, outlined
from quantforge_numba.loops.blocks import BYTES
from quantforge_numba.loops.lanes import BLOCK, LANES, lane_at, whole
from quantforge_numba.loops.memory import at, boundary, doubles
from quantforge_numba.loops.vectors import clenshaw, interleave, vectorise


class Part(NamedTuple):
    """What of the table is taken: where it starts, the coefficients, and how many there are.

    Of first x seconds x thirds coefficients the leading first x second x third. Numba compiles a
    function anew for each literal argument, for those in a tuple it does not.
    """

    start: int
    first: int
    second: int
    third: int
    seconds: int
    thirds: int


# The table: coefficients of f, w0 and g in the first coordinate, the second and the third.
F_FIRST, F_SECOND, F_THIRD = 24, 20, 14
W_FIRST, W_SECOND, W_THIRD = 12, 12, 12
G_FIRST, G_SECOND, G_THIRD = 14, 12, 14
AT_W = F_FIRST * F_SECOND * F_THIRD
AT_G = AT_W + W_FIRST * W_SECOND * W_THIRD
F = Part(0, F_FIRST, F_SECOND, F_THIRD, F_SECOND, F_THIRD)
W = Part(AT_W, W_FIRST, W_SECOND, W_THIRD, W_SECOND, W_THIRD)
G = Part(AT_G, G_FIRST, G_SECOND, G_THIRD, G_SECOND, G_THIRD)

# Of the table's coefficients the fast way takes these.
F_OF_FAST = Part(0, 12, 12, 8, F_SECOND, F_THIRD)
W_OF_FAST = Part(AT_W, 8, 8, 8, W_SECOND, W_THIRD)


class Nodes(NamedTuple):
    """A quadrature: its number of nodes, and where their sines, cosines and weights are."""

    count: int
    start: int


# Behind them quadratures, the cosines of pi k / 96, and matrices of three grids; see `equation`.
NODES_15 = Nodes(15, AT_G + G_FIRST * G_SECOND * G_THIRD)
NODES_26 = Nodes(26, NODES_15.start + 3 * 15)
NODES_16 = Nodes(16, NODES_26.start + 3 * 26)
NODES_20 = Nodes(20, NODES_16.start + 3 * 16)
NODES_32 = Nodes(32, NODES_20.start + 3 * 20)
NODES_64 = Nodes(64, NODES_32.start + 3 * 32)
NODES_96 = Nodes(96, NODES_64.start + 3 * 64)
AT_COSINES, ANGLES = NODES_96.start + 3 * 96, 96
AT_GRIDS = AT_COSINES + ANGLES + 1
MOST_NODES = 96

ROWS_F, ROWS_W, ROWS_G = F_THIRD * BLOCK, W_THIRD * BLOCK, G_THIRD * BLOCK
ROWS_T, ROWS_SHARE = F_FIRST * BLOCK, F_SECOND * BLOCK


@inlined
def sine_of(nodes, v):
    return boundary()[nodes.start + v]


@inlined
def cosine_of(nodes, v):
    """Behind the nodes it is now."""
    return boundary()[nodes.start + nodes.count + v] if v < nodes.count else 1.0


@inlined
def weight_of(nodes, v):
    return boundary()[nodes.start + 2 * nodes.count + v]


@outlined
def chebyshev(out, y, terms, n):
    """T_0, T_1, ... of y in [-1, 1]."""
    vectorise("out")
    interleave(LANES)
    n = whole(n)
    for i in range(n):
        out[i] = 1.0
        out[BLOCK + i] = y[i]
    for k in range(2, terms):
        to, last, other = at(out, k * BYTES), at(out, (k - 1) * BYTES), at(out, (k - 2) * BYTES)
        for i in range(n):
            to[i] = fma(2.0 * y[i], last[i], -other[i])


@outlined
def contract(out, part, t, share, n):
    """The series in the third coordinate that is left of a part of the table.

    Four of the second coordinate's at a time.
    """
    vectorise("out")
    interleave(LANES)
    n = whole(n)
    table, thirds = boundary(), part.thirds
    total = doubles(BLOCK)
    for k in range(part.third):
        row = at(out, k * BYTES)
        for i in range(n):
            row[i] = 0.0
    for j in range(part.first):
        factor = at(t, j * BYTES)
        for k in range(part.third):
            row = at(out, k * BYTES)
            for i in range(n):
                total[i] = 0.0
            for place in range(0, part.second, 4):
                c = part.start + (j * part.seconds + place) * thirds + k
                one, two = table[c], table[c + thirds]
                three, four = table[c + 2 * thirds], table[c + 3 * thirds]
                x = at(share, place * BYTES)
                for i in range(n):
                    before = fma(two, x[BLOCK + i], fma(one, x[i], total[i]))
                    total[i] = fma(four, x[3 * BLOCK + i], fma(three, x[2 * BLOCK + i], before))
            for i in range(n):
                row[i] = fma(factor[i], total[i], row[i])


@inlined
def w_of_first(f, terms, p, z, i):
    """A lane's w by the table in the first region, z being held within the table."""
    return first_w(clenshaw(f, terms, BLOCK, i, third_coordinate(p, z)))


@inlined
def w_of_second(w0, terms, g, p, z, s, i):
    """The same in the second, where sqrt(u) = s."""
    begun = clenshaw(w0, terms, BLOCK, i, third_coordinate(p, z))
    late = clenshaw(g, G_THIRD, BLOCK, i, fma(2.0, z, -1.0))
    return second_w(p, begun, late, 1.0 / (s * s))


def depths_by_first(part):
    """Return the function that finds the depths by a part of the table, in the first region."""
    terms = part.third

    @outlined
    def find(depths, puts, t, share, nodes, n):
        vectorise("depths")
        interleave(LANES)
        n = whole(n)
        f = doubles(ROWS_F)
        contract(f, part, t, share, n)
        for v in range(nodes.count + 1):
            cosine, row = cosine_of(nodes, v), at(depths, v * BYTES)
            for i in range(n):
                p = lane_at(puts, i)
                row[i] = w_of_first(f, terms, p, p.reach * cosine, i) * (p.root * cosine)

    return find


def depths_by_second(part):
    """Return the function that finds the depths by a part of the table, in the second."""
    terms = part.third

    @outlined
    def find(depths, puts, t, share, nodes, n):
        vectorise("depths")
        interleave(LANES)
        n = whole(n)
        w0, g = doubles(ROWS_W), doubles(ROWS_G)
        contract(w0, part, t, share, n)
        contract(g, G, t, share, n)
        for v in range(nodes.count + 1):
            cosine, row = cosine_of(nodes, v), at(depths, v * BYTES)
            for i in range(n):
                p = lane_at(puts, i)
                s = p.root * cosine
                row[i] = w_of_second(w0, terms, g, p, p.reach * cosine, s, i) * s

    return find


depths_by_fast_first = depths_by_first(F_OF_FAST)
depths_by_fast_second = depths_by_second(W_OF_FAST)
depths_by_standard_first = depths_by_first(F)
depths_by_standard_second = depths_by_second(W)
