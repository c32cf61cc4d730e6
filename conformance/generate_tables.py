"""Generate the coefficient tables of every backend: the one source of their constants.

Usage, from anywhere in a checkout (needs mpmath, takes a few seconds)::

    python conformance/generate_tables.py            # write the tables
    python conformance/generate_tables.py --check    # regenerate, compare, exit 1 on a difference

Each approximation is a minimax fit on a dense grid (Remez exchange in 60 digits), whose
coefficients are then rounded to double one at a time, in ascending order, the remaining ones
making up for each rounding (Babai's nearest plane in the basis of the monomials): the rounded
tables are nearly as good as the unrounded ones. The errors stated in the tables are measured
afterwards with the rounded coefficients, evaluated in 60 digits on a grid of their own.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mpmath import atanh, cholesky, cos, erfc, exp, expm1, ln, lu_solve, matrix, mp, mpf, pi, sqrt

REPOSITORY = Path(__file__).resolve().parents[1]

T = TypeVar("T", float, mpf)

EXP_DEGREE = 9
# Reduction leaves |r| <= ln2/2, exceeded only by the rounding of x/ln2: here by 1e-6 of it.
EXP_END = 0.3465739368535629

ATANH_DEGREE = 7
NEXT_DEGREE = 7
# (S - K)/(S + K) with S/K aligned to [2/3, 3/2].
ATANH_END = 0.2000001

# The Mills ratio is a polynomial in y = (x - MILLS_ZERO) / (x + MILLS_SHIFT), over x + MILLS_SHIFT.
# The shift makes the degree least. The zero lies near small x, where the ratio is most sensitive to
# the rounding of y, and not so near that Horner's scheme suffers at large x.
MILLS_SHIFT = 5.5
MILLS_ZERO = 3.75
MILLS_FROM = -0.5
MILLS_DEGREE = 25

# Where the logarithm is wanted to twice the precision its series is summed, the sum of
# 2 u^k / (2k + 3): the first coefficients as sums of two numbers, the rest as one.
FINE_TERMS = 5
FINE_REST = 14

W_START = "0.638833215803935574765963491815"
"""The depth of an American boundary over sqrt(u) at expiry, where that is below the strike: Evans,
Kuske and Keller (2002)."""

LOSS_DEGREES = (11, 13)
LOSS_FIRST = 1.42
"""The denominator at 0: it keeps the constant terms in the upper part of a binade."""
TAIL_DEGREE = 12


def mills(x: mpf) -> mpf:
    """Return M(x) = N(-x) / (sqrt(2 pi) phi(x)), which is 1/2 at x = 0."""
    return erfc(x / sqrt(2)) * exp(x * x / 2) / 2


def loss(x: mpf) -> mpf:
    """Return -M'(x) = 1/sqrt(2 pi) - x M(x), the expected loss below x over sqrt(2 pi) phi(x)."""
    if x < 100:
        return 1 / sqrt(2 * pi) - x * mills(x)
    terms, k = [1 / x**2], 1  # x^-2 - 3 x^-4 + 15 x^-6 - ..., which stops to fall only after x^2/2
    while abs(terms[-1]) > mpf("1e-60") * terms[0]:
        k += 1
        terms.append(-terms[-1] * (2 * k - 1) / x**2)
    return sum(terms) / sqrt(2 * pi)


def horner(coefficients: Sequence[mpf], x: mpf) -> mpf:
    """Evaluate a polynomial with ascending coefficients."""
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def chebyshev_grid(low: float, high: float, count: int) -> list[mpf]:
    """Return `count` points inside (low, high), clustered at both ends."""
    angles = (pi * (2 * k + 1) / (2 * count) for k in range(count))
    low, high = mpf(low), mpf(high)
    return [(low + high) / 2 - (high - low) / 2 * cos(a) for a in angles]


def mills_grid(count: int) -> list[mpf]:
    """Return `count` values of y from that of x = MILLS_FROM to that of infinity, which is 1."""
    return chebyshev_grid((MILLS_FROM - MILLS_ZERO) / (MILLS_FROM + MILLS_SHIFT), 1, count)


def mills_argument(y: mpf) -> mpf:
    """Return the x of which y is made."""
    return (MILLS_ZERO + MILLS_SHIFT * y) / (1 - y)


def loss_grid(count: int) -> list[mpf]:
    """Return points of [0, infinity) spread evenly for a ratio: Chebyshev in (x-3)/(x+3)."""
    return [3 * (1 + v) / (1 - v) for v in chebyshev_grid(-1, 1, count)]


def alternation(errors: Sequence[mpf], count: int) -> list[int]:
    """Return the indices of `count` extrema of alternating sign."""
    extrema: list[int] = []
    for i, e in enumerate(errors):
        if extrema and (e > 0) == (errors[extrema[-1]] > 0):
            if abs(e) > abs(errors[extrema[-1]]):
                extrema[-1] = i
        else:
            extrema.append(i)
    while len(extrema) > count:
        extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
    if len(extrema) < count:
        raise ArithmeticError(f"the error alternates {len(extrema)} times, not {count}")
    return extrema


def minimax(rows: list[list[mpf]], target: list[mpf]) -> list[mpf]:
    """Minimise max |rows @ c - target| over the grid by Remez exchange."""
    n = len(rows[0])
    chosen = [round((len(rows) - 1) * k / n) for k in range(n + 1)]
    for _ in range(30):
        system = matrix([[*rows[i], (-1) ** k] for k, i in enumerate(chosen)])
        *c, level = lu_solve(system, matrix([target[i] for i in chosen]))
        errors = [sum(map(mp.fmul, row, c)) - t for row, t in zip(rows, target, strict=True)]
        if max(map(abs, errors)) < abs(level) * mpf("1.005"):
            return c
        chosen = alternation(errors, n + 1)
    raise ArithmeticError("the exchange did not converge")


def rounded(rows: list[list[mpf]], c: Sequence[mpf]) -> list[float]:
    """Round `c` to doubles in ascending order, later coefficients absorbing the error of earlier.

    With the columns in reverse and rows' rows = L L', the least-squares optimum of coefficient i
    moves by -L[j, i] / L[i, i] times what each coefficient j fixed before it was moved.
    """
    n = len(c)
    columns = [[row[n - 1 - k] for row in rows] for k in range(n)]
    gram = matrix([[sum(map(mp.fmul, a, b)) for b in columns] for a in columns])
    factor = cholesky(gram)
    optimum = list(reversed(c))
    fixed = [0.0] * n
    for i in reversed(range(n)):
        moved = sum(factor[j, i] * (fixed[j] - optimum[j]) for j in range(i + 1, n))
        fixed[i] = float(optimum[i] - moved / factor[i, i])
    return fixed[::-1]


def fit_exp() -> list[float]:
    """Fit g(r) = (e^r - 1 - r)/r^2, minimax in the relative error of 1 + r + r^2 g(r)."""
    grid = chebyshev_grid(-EXP_END, EXP_END, 400)
    rows = [[r ** (k + 2) / exp(r) for k in range(EXP_DEGREE + 1)] for r in grid]
    target = [(expm1(r) - r) / exp(r) for r in grid]
    return rounded(rows, minimax(rows, target))


def atanh_rest(s: mpf) -> mpf:
    """Return p(u) of 2 atanh(s) = 2s + s^3 p(s^2)."""
    return 2 * (atanh(s) - s) / s**3


def fit_atanh() -> list[float]:
    """Fit p(u), minimax in its relative error: what 2s leaves is precise by itself."""
    grid = chebyshev_grid(0, ATANH_END, 400)
    rows = [[s ** (2 * k) / atanh_rest(s) for k in range(ATANH_DEGREE + 1)] for s in grid]
    return rounded(rows, minimax(rows, [mpf(1)] * len(rows)))


def fit_mills() -> list[float]:
    """Fit P(y) of M(x) = P(y) / (x + shift), minimax in the relative error of M'.

    M is the integral of -M' > 0 from x to infinity and M(x) - M(f) that from x to f, so their
    relative errors are no greater. -M' (x + shift)^2 is P - (1 - y) P'.
    """
    rows = []
    for y in mills_grid(240):
        x = mills_argument(y)
        scale = (x + MILLS_SHIFT) ** 2 * loss(x)
        rows.append(
            [
                (y**k - (1 - y) * (k * y ** (k - 1) if k else 0)) / scale
                for k in range(MILLS_DEGREE + 1)
            ]
        )
    target = [mpf(1)] * len(rows)
    return rounded(rows, minimax(rows, target))


def fit_loss() -> tuple[list[float], list[float]]:
    """Fit P/Q to `loss` with P(0)/Q(0) = loss(0) but for its rounding.

    P - m Q over m Q is the relative error: linear in the coefficients once the Q below is the
    one of the previous pass. Columns in ascending order: P1, Q1, P2, Q2, ...
    """
    grid = loss_grid(500)
    values = [loss(x) for x in grid]
    degrees, first = LOSS_DEGREES, mpf(LOSS_FIRST)
    q = [first] + [mpf(0)] * (degrees[1] - 1) + [first * mpf("4e-6")]  # its growth, a guess
    for _ in range(6):
        scales = [m * horner(q, x) for x, m in zip(grid, values, strict=True)]
        rows = [
            [
                (x**k if of_p else -m * x**k) / scale
                for k in range(1, max(degrees) + 1)
                for of_p in (True, False)
                if k <= degrees[0 if of_p else 1]
            ]
            for x, m, scale in zip(grid, values, scales, strict=True)
        ]
        start = first / sqrt(2 * pi)
        target = [(first * m - start) / scale for m, scale in zip(values, scales, strict=True)]
        c = minimax(rows, target)
        q = [first, *deinterleaved(c)[1]]
    p_tail, q_tail = deinterleaved(rounded(rows, c))
    return [float(start), *p_tail], [LOSS_FIRST, *q_tail]


def deinterleaved(c: list[T]) -> tuple[list[T], list[T]]:
    """Split P1, Q1, ..., P11, Q11, Q12, Q13 into those of P and those of Q."""
    paired = 2 * LOSS_DEGREES[0]
    return c[0:paired:2], c[1:paired:2] + c[paired:]


def fit_tail(q: Sequence[float]) -> list[float]:
    """Fit P to `mills` times the given denominator, minimax in the relative error."""
    grid = loss_grid(300)
    rows = []
    for x in grid:
        scale = mills(x) * horner(q, x)
        rows.append([x**k / scale for k in range(TAIL_DEGREE + 1)])
    target = [mpf(1)] * len(rows)
    return rounded(rows, minimax(rows, target))


def worst(error: Callable[[mpf], mpf], grid: Sequence[mpf]) -> str:
    """Return the largest |error| on the grid, rounded up to two digits."""
    value = max(abs(error(x)) for x in grid)
    exponent = int(mp.floor(mp.log10(value))) - 1
    return f"{int(mp.ceil(value / mpf(10) ** exponent)) / 10:.1f}e{exponent + 1}"


@dataclass(frozen=True)
class Table:
    """One array of coefficients with what it approximates and the error it attains."""

    name: str
    coefficients: list[float]
    remarks: list[str]


def exp_table() -> Table:
    c = fit_exp()

    def error(r: mpf) -> mpf:
        return (1 + r + r * r * horner(c, r)) / exp(r) - 1

    attained = worst(error, chebyshev_grid(-EXP_END, EXP_END, 1501))
    return Table(
        "EXP",
        c,
        [
            "g(r) of e^r = 1 + r + r^2 g(r):",
            f"relative error of e^r at most {attained} for |r| <= {EXP_END:.7f}",
        ],
    )


def atanh_table() -> Table:
    c = fit_atanh()

    def error(s: mpf) -> mpf:
        return horner(c, s * s) / atanh_rest(s) - 1

    attained = worst(error, chebyshev_grid(0, ATANH_END, 1501))
    return Table(
        "ATANH",
        c,
        [
            "p(u) of 2 atanh(s) = 2 s + s^3 p(s^2):",
            f"relative error of p at most {attained} for |s| <= {ATANH_END}",
        ],
    )


def fit_next() -> list[float]:
    """Fit q(u) of p(u) = 2/3 + u q(u), minimax in the relative error of p."""
    grid = chebyshev_grid(0, ATANH_END, 400)
    rows = [[s ** (2 * k + 2) / atanh_rest(s) for k in range(NEXT_DEGREE + 1)] for s in grid]
    target = [1 - mpf(2) / 3 / atanh_rest(s) for s in grid]
    return rounded(rows, minimax(rows, target))


def next_table() -> Table:
    c = fit_next()

    def error(s: mpf) -> mpf:
        return (mpf(2) / 3 + s * s * horner(c, s * s)) / atanh_rest(s) - 1

    attained = worst(error, chebyshev_grid(0, ATANH_END, 1501))
    remarks = [
        "q(u) of p(u) = 2/3 + u q(u):",
        f"relative error of p at most {attained} for |s| <= {ATANH_END}",
    ]
    return Table("ATANH_NEXT", c, remarks)


def fine_tables() -> list[Table]:
    exact = [mpf(2) / (2 * k + 3) for k in range(FINE_TERMS + FINE_REST)]
    high = [float(c) for c in exact[:FINE_TERMS]]
    low = [float(c - h) for c, h in zip(exact, high, strict=False)]
    end = mpf(ATANH_END)
    cut = end ** (2 * len(exact)) * 2 / (2 * len(exact) + 3) / (1 - end**2)
    exponent = int(mp.floor(mp.log(cut / exact[0], 2))) + 1
    return [
        Table("ATANH_HIGH", high, [f"p(u) to 2^{exponent}: the first coefficients"]),
        Table("ATANH_LOW", low, ["what rounding took from them"]),
        Table("ATANH_REST", [float(c) for c in exact[FINE_TERMS:]], ["those after them"]),
    ]


def mills_table() -> Table:
    c = fit_mills()
    slopes = [k * v for k, v in enumerate(c)][1:]

    def error(y: mpf) -> mpf:
        x = mills_argument(y)
        slope = horner(c, y) - (1 - y) * horner(slopes, y)
        return slope / ((x + MILLS_SHIFT) ** 2 * loss(x)) - 1

    return Table(
        "MILLS",
        c,
        [
            "P(y) of M(x) = N(-x) / (sqrt(2 pi) phi(x)) = P(y) / (x + MILLS_SHIFT),",
            "y = (x - MILLS_ZERO) / (x + MILLS_SHIFT), for MILLS_FROM <= x:",
            "relative error of M, of M' and of any difference of M at most "
            f"{worst(error, mills_grid(901))}",
        ],
    )


def loss_tables() -> list[Table]:
    p, q = fit_loss()
    tail = fit_tail(q)
    if min(*p, *q, *tail) <= 0:
        raise ArithmeticError("a coefficient of the loss or of the tail is not positive")

    def loss_error(x: mpf) -> mpf:
        return horner(p, x) / (loss(x) * horner(q, x)) - 1

    def tail_error(x: mpf) -> mpf:
        return horner(tail, x) / (mills(x) * horner(q, x)) - 1

    grid = loss_grid(1501)
    return [
        Table(
            "LOSS_P",
            p,
            [
                "numerator of -M'(x) = 1/sqrt(2 pi) - x M(x), all coefficients positive:",
                f"relative error at most {worst(loss_error, grid)} for 0 <= x",
            ],
        ),
        Table("LOSS_Q", q, ["its denominator"]),
        Table(
            "TAIL_P",
            tail,
            [
                "numerator of M(x) over the same denominator, all coefficients positive:",
                f"relative error at most {worst(tail_error, grid)} for 0 <= x",
            ],
        ),
    ]


def scalars() -> list[tuple[str, float, str]]:
    """Return the single constants: name, value, remark."""
    ln2 = ln(2)
    high = mp.nint(ln2 * 2**40) / 2**40
    return [
        ("LOG2E", float(1 / ln2), "1/ln 2"),
        ("LN2_HI", float(high), "ln 2 to 40 bits: n LN2_HI is exact for |n| <= 2^13"),
        ("LN2_LO", float(ln2 - high), "ln 2 - LN2_HI"),
        ("ROUND_MAGIC", 1.5 * 2.0**52, "adding and subtracting it rounds to an integer"),
        ("INV_SQRT_2PI", float(1 / sqrt(2 * pi)), "1/sqrt(2 pi)"),
        ("MILLS_FROM", MILLS_FROM, "the least argument of the Mills ratio"),
        ("MILLS_SHIFT", MILLS_SHIFT, "its y is (x - MILLS_ZERO) / (x + MILLS_SHIFT)"),
        ("MILLS_ZERO", MILLS_ZERO, "where its y is 0"),
        ("AMERICAN_T", float(2 * (1 + 1 / sqrt(mpf(110)))), "2 / t of the largest scale, 110"),
        ("AMERICAN_REACH", float(1 / mpf("2.6")), "the table ends at x (0.15 + scale / 2.6) = 1"),
        ("AMERICAN_W_START", float(mpf(W_START)), "w at expiry where a < b"),
        ("MILLS_SPAN", MILLS_SHIFT + MILLS_ZERO, "MILLS_SHIFT + MILLS_ZERO"),
    ]


GENERATED = "Generated by conformance/generate_tables.py: run it again instead of editing."
ORDER = "Coefficients are in ascending order."


def remarks(table: Table, mark: str) -> list[str]:
    return [f"{mark} {remark}" for remark in table.remarks]


def python_text(tables: list[Table]) -> str:
    lines = ['"""Constants of the kernels, exact in double precision.', ""]
    lines += [GENERATED, ORDER, '"""', ""]
    for name, value, remark in scalars():
        lines += [f"# {remark}", f'{name} = float.fromhex("{value.hex()}")']
    for table in tables:
        lines += ["", *remarks(table, "#"), f"{table.name} = ("]
        lines += [f'    float.fromhex("{c.hex()}"),  # {c!r}' for c in table.coefficients]
        lines.append(")")
    return "\n".join(lines) + "\n"


def c_text(tables: list[Table]) -> str:
    lines = ["/* Constants of the kernels, exact in double precision."]
    lines += [f" * {GENERATED}", f" * {ORDER} */"]
    lines += ["#ifndef QUANTFORGE_TABLES_H", "#define QUANTFORGE_TABLES_H", ""]
    for name, value, remark in scalars():
        lines += [f"/* {remark} */", f"#define {name} {value.hex()}"]
    for table in tables:
        lines += ["", "/*", *remarks(table, " *"), " */"]
        lines.append(f"static const double {table.name}[{len(table.coefficients)}] = {{")
        lines += [f"    {c.hex()}, /* {c!r} */" for c in table.coefficients]
        lines.append("};")
    return "\n".join([*lines, "", "#endif"]) + "\n"


def rust_text(tables: list[Table]) -> str:
    def literal(value: float) -> str:
        return f"f64::from_bits(0x{struct.pack('>d', value).hex()})"

    lines = ["//! Constants of the kernels, exact in double precision.", "//!"]
    lines += [f"//! {GENERATED}", f"//! {ORDER}", ""]
    for name, value, remark in scalars():
        lines += [f"/// {remark}", f"pub const {name}: f64 = {literal(value)};"]
    for table in tables:
        lines += ["", *remarks(table, "///")]
        lines.append(f"pub const {table.name}: [f64; {len(table.coefficients)}] = [")
        lines += [f"    {literal(c)}, // {c!r}" for c in table.coefficients]
        lines.append("];")
    return "\n".join(lines) + "\n"


def generate() -> dict[Path, str]:
    """Return every file's whole text by its path in the repository."""
    with mp.workdps(60):
        tables = [
            exp_table(),
            atanh_table(),
            next_table(),
            *fine_tables(),
            mills_table(),
            *loss_tables(),
        ]
        return {
            Path("conformance/quantforge_conformance/spec/tables.py"): python_text(tables),
            Path("backends/numba/quantforge_numba/tables.py"): python_text(tables),
            Path("quantforge/numpy_backend/tables.py"): python_text(tables),
            Path("backends/c/src/tables.h"): c_text(tables),
            Path("backends/rust/src/tables.rs"): rust_text(tables),
        }


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: generate_tables.py [--check]", file=sys.stderr)
        return 2
    differing = 0
    for path, text in generate().items():
        target = REPOSITORY / path
        if not arguments:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            print(f"{path} written")
        elif not target.is_file() or target.read_text(encoding="utf-8") != text:
            print(f"{path} differs from what the generator writes", file=sys.stderr)
            differing += 1
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
