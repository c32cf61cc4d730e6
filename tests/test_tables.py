"""The constants of every language come from the one generator and are as good as they say."""

import re
import runpy
import struct
from pathlib import Path

import pytest
from mpmath import atanh, erfc, exp, ln, mp, mpf, pi, sqrt
from quantforge_conformance.spec import tables

REPOSITORY = Path(__file__).resolve().parents[1]
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
    assert len(python) == 5 + 10 + 8 + 10 + 11
    assert all(other == python for other in others)


def stated(name):
    """Return (error, low, high) of each bound in the remarks above a table."""
    text = (REPOSITORY / WRITTEN[0]).read_text(encoding="utf-8")
    remarks = text.split(f"\n{name} = ")[0].rsplit("\n\n", 1)[1]
    number = r"[\d.]+(?:e-\d+)?"
    bounds = re.findall(
        rf"at most ({number}) for (?:({number}) <= x|\|[rs]\|) <= ({number})", remarks
    )
    return [(mpf(error), mpf(low or f"-{high}"), mpf(high)) for error, low, high in bounds]


def attained(low, high, error, count=700):
    """Return the largest |error| on an even grid that misses the generator's own points."""
    step = (high - low) / count
    return max(abs(error(low + step * (k + mpf("0.37")))) for k in range(count))


def value(coefficients, x):
    return sum(c * x**k for k, c in enumerate(coefficients))


def exp_error(r):
    return (1 + r + r**2 * value(tables.EXP, r)) / exp(r) - 1


def atanh_error(s):
    return (2 * s + s**3 * value(tables.ATANH, s**2)) / (2 * atanh(s)) - 1


def mills_error(x):
    ratio = erfc(x / sqrt(2)) / 2 / exp(-(x**2) / 2)
    return value(tables.MILLS_P, x) / value(tables.MILLS_Q, x) / ratio - 1


@pytest.mark.parametrize(
    ("name", "error", "count", "limit"),
    [
        ("EXP", exp_error, 1, "4e-18"),
        ("ATANH", atanh_error, 1, "1.5e-18"),
        ("MILLS_P", mills_error, 6, "2.7e-16"),
    ],
)
def test_an_approximation_attains_the_error_its_table_states(name, error, count, limit):
    with mp.workdps(50):
        bounds = stated(name)
        assert len(bounds) == count
        for bound, low, high in bounds:
            # Rounded up to two digits; a bound far above what is attained would be no statement.
            assert mpf("0.8") * bound <= attained(low, high, error) <= bound <= mpf(limit)


def test_the_mills_ratio_is_exact_at_zero_and_has_no_negative_coefficient():
    assert tables.MILLS_P[0] * 2 == tables.MILLS_Q[0]
    assert min(tables.MILLS_P + tables.MILLS_Q) > 0


def test_the_two_parts_of_ln2_reduce_every_exponent_exactly():
    with mp.workdps(50):
        assert all(mpf(n * tables.LN2_HI) == n * mpf(tables.LN2_HI) for n in range(2**13 + 1))
        assert abs(mpf(tables.LN2_HI) + mpf(tables.LN2_LO) - ln(2)) < mpf(2) ** -95
        assert mpf(float(1 / ln(2))) == tables.LOG2E
        assert mpf(float(1 / sqrt(2 * pi))) == tables.INV_SQRT_2PI
        assert tables.ROUND_MAGIC == 3 * 2**51
