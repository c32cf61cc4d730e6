"""The formulas stand four times, in the same files under the same names in the same order."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

ELEMENTARY = """
    shift_exponent power_of_two at_least at_most finite_or_zero times_power zero_times reduce
    polynomial exp_minus_1 times_exp aligned log_ratio two_sum product log_argument log_ratio_sum
    log_ratio_fine gauss_exponent mills loss tail_numerator half_ulp two_ulp
"""
LEGS = """
    state_of sign_state sigma_state log_moneyness legs_ordinary deviation_ordinary magnitude
    discount_exponent scaled discounted legs_general deviation_general tails tails_at tails_ordinary
    tails_general is_straight separation_general on_common_scale
"""
FORMULAS = {
    "elementary": ELEMENTARY,
    "legs": LEGS,
    "price": "time_value price_ordinary price_general",
    "american_boundary": """
        logarithm exp_of is_near grows_little put_of third_coordinate first_w second_w
        discounted_tails
    """,
    "american_equation": "is_smooth sample_of depth_of depth_slope boundary_density turn_of",
    "american_perpetual": "perpetual_of perpetual_price",
    "american_price": "premium_density known_path value_without_volatility",
    "american_implied_volatility": """
        search_of slope_at_first offset_of advanced american_volatility_of
    """,
    "american_double": """
        apart_of up_to below_of early_w meeting first_meeting next_meeting turn_below is_settled
        sine_until outside_below double_value
    """,
    "american_greeks": """
        directions_of bent unbent slopes_of first_slopes second_slopes premium_slopes premium_greeks
        greeks_of_endless_time greeks_of_exercise greeks_without_volatility
    """,
    "exercise_boundary": """
        scale_of amount_of is_slight put_now faded boundary_of never_exercised start_of
        boundary_state
    """,
    "greeks": """
        carried_theta parts_ordinary parts_at_the_money amounts_in_unit parts_general greeks_of
        rescaled swept
    """,
    "normalized_price": "normalized_price_ordinary normalized_price_general",
    "attainable_error": "attainable_error",
    "implied_volatility": """
        seed householder step is_precise implied_volatility_ordinary implied_volatility_general
        code_of_nan volatility_of
    """,
    "bachelier_price": """
        bachelier_time_value bachelier_price_ordinary bachelier_terms_general
        bachelier_price_general
    """,
    "bachelier_greeks": "bachelier_parts_ordinary bachelier_parts_general bachelier_greeks_of",
    "bachelier_implied_volatility": """
        bachelier_seed bachelier_step in_unit bachelier_attainable_error undiscounted_ordinary
        bachelier_implied_volatility_ordinary bachelier_implied_volatility_general
    """,
}
"""Every file with its functions. Who changes one language changes all four, and this list."""

SOURCES = {
    "specification": ("conformance/quantforge_conformance/spec", ".py"),
    "c": ("backends/c/src", ".h"),
    "rust": ("backends/rust/src", ".rs"),
    "numba": ("backends/numba/quantforge_numba", ".py"),
}

BUILT_IN = "IEEE 754 where Python raises or has no such function"
WHOLE = "the operation itself, which a backend puts together in loops/"
BRANCH = "a branch that a backend computes in line and selects from"
OWN = [
    ("specification", "elementary", "to_bits from_bits exact_fma divide square_root", BUILT_IN),
    ("specification", "price", "price", WHOLE),
    ("specification", "american_boundary", "table nodes chebyshev contract series_at", WHOLE),
    ("specification", "american_equation", "matrices interpolated eliminated", WHOLE),
    ("specification", "american_price", "american_price premium_of valued double_price", WHOLE),
    ("specification", "american_implied_volatility", "american_implied_volatility", WHOLE),
    ("specification", "american_price", "settling_of is_looked_for", WHOLE),
    ("specification", "american_greeks", "american_greeks _with_premium", WHOLE),
    ("specification", "american_greeks", "chebyshev_slopes sloped_series", WHOLE),
    ("specification", "american_greeks", "slopes_by_table slopes_by_equation", WHOLE),
    ("specification", "exercise_boundary", "exercise_boundary depth_now", WHOLE),
    ("specification", "greeks", "greeks", WHOLE),
    ("specification", "implied_volatility", "implied_volatility", WHOLE),
    ("specification", "bachelier_price", "bachelier_price", WHOLE),
    ("specification", "bachelier_greeks", "bachelier_greeks", WHOLE),
    ("specification", "bachelier_implied_volatility", "bachelier_implied_volatility", WHOLE),
    ("specification", "greeks", "_shares _deltas", BRANCH),
    ("specification", "implied_volatility", "_bound", BRANCH),
    ("rust", "elementary", "fma", "a short name for f64::mul_add"),
    ("rust", "elementary", "two_to", "Rust has no hexadecimal floating-point literals"),
    ("rust", "elementary", "binade", "a step that half_ulp and two_ulp share"),
    ("rust", "american_boundary", "flag", "a step that others write out"),
    ("numba", "american_double", "changed", "Numba has no _replace for named tuples"),
    ("numba", "elementary", "fine_term", "the loop of log_ratio_fine, unrolled by hand"),
]
"""Language, file, functions that it alone has, and why."""

FAST = "a fast form for ordinary lanes is no matter of the specification"
LACKING = [
    ("specification", "legs", "legs_ordinary deviation_ordinary tails_ordinary", FAST),
    ("specification", "price", "price_ordinary", FAST),
    ("specification", "greeks", "parts_ordinary", FAST),
    ("specification", "normalized_price", "normalized_price_ordinary", FAST),
    ("specification", "implied_volatility", "is_precise implied_volatility_ordinary", FAST),
    ("specification", "bachelier_price", "bachelier_price_ordinary", FAST),
    ("specification", "bachelier_greeks", "bachelier_parts_ordinary", FAST),
    (
        "specification",
        "bachelier_implied_volatility",
        "undiscounted_ordinary bachelier_implied_volatility_ordinary",
        FAST,
    ),
]
"""Language, file, functions that the others have and it has not, and why."""

OTHER = {"tables", "machine", "lib", "__init__", "intrinsics", "isa"}
"""Files beside the formulas: constants, a language's own means, and the way in."""


def functions(language, file):
    """The functions of a file, in order."""
    folder, ending = SOURCES[language]
    text = (REPOSITORY / folder / f"{file}{ending}").read_text(encoding="utf-8")
    if ending == ".h":
        return re.findall(r"^(?:QF_INLINE|static)\b[\w\s*]*?\b(\w+)\(", text, re.M)
    if ending == ".rs":
        return re.findall(r"^(?:pub(?:\([\w ]+\))? )?(?:const )?(?:unsafe )?fn (\w+)", text, re.M)
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def stated(table, language, file):
    rows = [names.split() for *where, names, _ in table if where == [language, file]]
    return {name for names in rows for name in names}


@pytest.mark.parametrize("file", FORMULAS)
@pytest.mark.parametrize("language", SOURCES)
def test_a_file_has_the_functions_of_every_language_in_their_order(language, file):
    own, lacking = stated(OWN, language, file), stated(LACKING, language, file)
    expected = [name for name in FORMULAS[file].split() if name not in lacking]
    assert [name for name in functions(language, file) if name not in own] == expected


@pytest.mark.parametrize("language", SOURCES)
def test_every_exception_is_one(language):
    for file in FORMULAS:
        assert stated(OWN, language, file) <= set(functions(language, file)), file
        assert stated(LACKING, language, file) <= set(FORMULAS[file].split()), file


@pytest.mark.parametrize("language", SOURCES)
def test_formulas_stand_in_no_other_file(language):
    folder, ending = SOURCES[language]
    found = {path.stem for path in (REPOSITORY / folder).glob(f"*{ending}")}
    assert found - OTHER == set(FORMULAS)
