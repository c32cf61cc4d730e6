"""The constants of every language come from the one generator and are as good as they say."""

import re
import runpy
import struct
from pathlib import Path

import pytest
from mpmath import atanh, erfc, exp, ln, mp, mpf, pi, sqrt
from quantforge_conformance.spec import tables

REPOSITORY = Path(__file__).resolve().parents[2]
GENERATOR = REPOSITORY / "conformance" / "generate_tables.py"
WRITTEN = [
    "conformance/quantforge_conformance/spec/tables.py",
    "backends/numba/quantforge_numba/tables.py",
    "quantforge/numpy_backend/tables.py",
    "backends/c/src/tables.h",
    "backends/rust/src/tables.rs",
]


@pytest.fixture(scope="module")
def generated():
    """Run the generator once, for the texts it would write."""
    texts = runpy.run_path(str(GENERATOR))["generate"]()
    return {str(path): text for path, text in texts.items()}


def test_the_generator_writes_the_tables_of_every_language(generated):
    assert sorted(generated) == sorted(WRITTEN)


@pytest.mark.parametrize("path", WRITTEN)
def test_a_committed_table_is_what_the_generator_writes(generated, path):
    assert (REPOSITORY / path).read_text(encoding="utf-8") == generated[path]


@pytest.mark.parametrize("edited", [None, *WRITTEN])
def test_check_fails_exactly_when_a_table_was_edited(
    monkeypatch, tmp_path, capsys, generated, edited
):
    for path, text in generated.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text + " " * (path == edited), encoding="utf-8")
    main = runpy.run_path(str(GENERATOR))["main"]
    monkeypatch.setitem(main.__globals__, "REPOSITORY", tmp_path)
    monkeypatch.setitem(
        main.__globals__, "generate", lambda: {Path(p): text for p, text in generated.items()}
    )
    assert main(["--check"]) == (0 if edited is None else 1)
    assert capsys.readouterr().err.split(" ")[0] == (edited or "")


def doubles(path):
    """Return the doubles a table holds, in order, read by the rules of its language."""
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    if path.endswith(".rs"):
        return [
            struct.unpack(">d", bytes.fromhex(bits))[0]
            for bits in re.findall(r"from_bits\(0x([0-9a-f]{16})\)", text)
        ]
    return [float.fromhex(number) for number in re.findall(r"-?0x[01]\.[0-9a-f]+p[-+]\d+", text)]


def test_every_language_holds_the_same_doubles():
    python, *others = map(doubles, WRITTEN)
    assert len(python) == 12 + 10 + 8 + 8 + 5 + 5 + 14 + 26 + 12 + 14 + 13
    assert all(other == python for other in others)


def stated(name):
    """Return the bound in the remarks above a table."""
    text = (REPOSITORY / WRITTEN[0]).read_text(encoding="utf-8")
    remarks = text.split(f"\n{name} = ")[0].rsplit("\n\n", 1)[1]
    [error] = re.findall(r"at most ([\d.]+e-\d+)", remarks)
    return mpf(error)


def evenly(low, high, count=700):
    """Return an even grid that misses the generator's own points."""
    step = (mpf(high) - mpf(low)) / count
    return [low + step * (k + mpf("0.37")) for k in range(count)]


def to_infinity(low, count=700):
    """Return points from `low` on, up to some thousands, evenly spread in 1 / (x + 5)."""
    return [1 / (u / (low + 5)) - 5 for u in evenly(mpf("0.001"), 1, count)]


def value(coefficients, x):
    return sum(c * x**k for k, c in enumerate(coefficients))


def slope(coefficients, x):
    return sum(k * c * x ** (k - 1) for k, c in enumerate(coefficients) if k)


def mills(x):
    """Return N(-x) / (sqrt(2 pi) phi(x))."""
    return erfc(x / sqrt(2)) / 2 / exp(-(x**2) / 2)


def loss(x):
    """Return minus the derivative of that."""
    return 1 / sqrt(2 * pi) - x * mills(x)


def exp_error(r):
    return (1 + r + r**2 * value(tables.EXP, r)) / exp(r) - 1


def atanh_error(s):
    return value(tables.ATANH, s**2) / (2 * (atanh(s) - s) / s**3) - 1


def next_error(s):
    p = mpf(2) / 3 + s**2 * value(tables.ATANH_NEXT, s**2)
    return p / (2 * (atanh(s) - s) / s**3) - 1


def mills_error(x):
    y = (x - tables.MILLS_ZERO) / (x + tables.MILLS_SHIFT)
    return value(tables.MILLS, y) / (x + tables.MILLS_SHIFT) / mills(x) - 1


def mills_slope_error(x):
    shifted = x + tables.MILLS_SHIFT
    y = (x - tables.MILLS_ZERO) / shifted
    derivative = slope(tables.MILLS, y) * tables.MILLS_SPAN / shifted**3
    return (value(tables.MILLS, y) / shifted**2 - derivative) / loss(x) - 1


def loss_error(x):
    return value(tables.LOSS_P, x) / value(tables.LOSS_Q, x) / loss(x) - 1


def tail_error(x):
    return value(tables.TAIL_P, x) / value(tables.LOSS_Q, x) / mills(x) - 1


@pytest.mark.parametrize(
    ("name", "error", "grid", "limit"),
    [
        ("EXP", exp_error, evenly(mpf("-0.3465739"), mpf("0.3465739")), "4e-18"),
        ("ATANH", atanh_error, evenly(0, mpf("0.2000001")), "1.5e-16"),
        ("ATANH_NEXT", next_error, evenly(0, mpf("0.2000001")), "2e-18"),
        ("MILLS", mills_slope_error, to_infinity(mpf("-0.5")), "1e-16"),
        ("LOSS_P", loss_error, to_infinity(mpf(0)), "1e-16"),
        ("TAIL_P", tail_error, to_infinity(mpf(0)), "1e-16"),
    ],
)
def test_an_approximation_attains_the_error_its_table_states(name, error, grid, limit):
    with mp.workdps(60):
        bound, attained = stated(name), max(abs(error(x)) for x in grid)
        # Rounded up to two digits; a bound far above what is attained would be no statement.
        assert mpf("0.8") * bound <= attained <= bound <= mpf(limit)


def test_the_mills_ratio_is_no_worse_than_its_slope():
    with mp.workdps(60):
        bound = stated("MILLS")
        assert all(abs(mills_error(x)) <= bound for x in to_infinity(mpf("-0.5")))


def test_the_loss_and_its_tail_have_no_negative_coefficient():
    assert min(tables.LOSS_P + tables.LOSS_Q + tables.TAIL_P) > 0


def test_the_fine_logarithm_has_the_exact_coefficients_to_twice_the_precision():
    with mp.workdps(60):
        pairs = zip(tables.ATANH_HIGH, tables.ATANH_LOW, strict=True)
        for k, (high, low) in enumerate(pairs):
            assert abs((mpf(high) + mpf(low)) * (2 * k + 3) / 2 - 1) < mpf(2) ** -104
        for k, c in enumerate(tables.ATANH_REST, start=len(tables.ATANH_HIGH)):
            assert c == float(mpf(2) / (2 * k + 3))


def test_the_two_parts_of_ln2_reduce_every_exponent_exactly():
    with mp.workdps(50):
        assert all(mpf(n * tables.LN2_HI) == n * mpf(tables.LN2_HI) for n in range(2**13 + 1))
        assert abs(mpf(tables.LN2_HI) + mpf(tables.LN2_LO) - ln(2)) < mpf(2) ** -95
        assert mpf(float(1 / ln(2))) == tables.LOG2E
        assert mpf(float(1 / sqrt(2 * pi))) == tables.INV_SQRT_2PI
        assert tables.ROUND_MAGIC == 3 * 2**51
