"""The search for the worst errors measures as the oracles do, and finds what is there."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mpmath import mpf
from quantforge_conformance import reference, regions, worst_cases
from quantforge_conformance.oracles import ORACLES
from quantforge_conformance.regions.price import ordinary

from bench import attained
from bench.climb import command, report, thresholds
from bench.climb.inversion import WRONG, InversionJudge
from bench.climb.judging import Judge
from bench.climb.scope import within
from bench.climb.search import Climb
from bench.climb.starts import Family
from bench.climb.targets import Target, targets
from bench.climb.zeros import at_zeros

BACKEND = "numpy"  # there on every machine, and nowhere without an error
REGIONS = {6: regions.BACHELIER_PRICE, 7: regions.PRICE}
DIRECT = [name for name in attained.MEASURED if "implied" not in name]
INVERSE = [name for name in attained.MEASURED if "implied" in name]


def options(operation, count=1):
    """Return options of every region, a row per operand."""
    some = REGIONS[6] if operation.startswith("bachelier") else REGIONS[7]
    return np.concatenate([np.array(region.sample(count, seed=3)) for region in some], axis=1)


def missed(target, option, result):
    """Return how far a result is off in the target's unit by the oracle alone."""
    exact = ORACLES[target.operation].exact_values(*option)[target.place]
    if np.isinf(result) and abs(exact) > np.finfo(float).max:
        return 0.0
    return float(abs(mpf(float(result)) - exact) / target.bound.unit(option, exact))


@pytest.mark.parametrize("operation", DIRECT)
def test_errors_are_those_of_the_suites_own_reference(operation):
    given = options(operation)
    for target in targets(operation):
        judge = Judge(target, BACKEND)
        results = judge.results(given)
        lanes = [tuple(lane) for lane in given.T.tolist()]
        expected = [missed(target, *pair) for pair in zip(lanes, results, strict=True)]
        found = judge.misses(given, results)
        assert found == pytest.approx(expected, rel=2e-3, abs=2e-3), target


@pytest.mark.parametrize("operation", INVERSE)
def test_quotes_are_exact_prices_correctly_rounded(operation):
    given = options(operation)
    price = reference.price if len(given) == 7 else reference.bachelier_price
    quotes = InversionJudge(targets(operation)[0], BACKEND).operands(given)
    assert quotes[0].tolist() == [float(price(*lane)) for lane in given.T.tolist()]
    assert np.array_equal(quotes[1:-1], given[:-2])


@pytest.mark.parametrize("operation", INVERSE)
def test_errors_of_volatilities_and_codes_are_those_of_the_suites_own_reference(operation):
    of_sigma, of_code = (InversionJudge(target, BACKEND) for target in targets(operation))
    given = options(operation)
    sigma, code = of_sigma.over(given), of_code.over(given)
    told = 0
    for place, option in enumerate(given.T):
        if code[place] >= 0:
            assert (code[place] >= WRONG) == (of_code.confirmed(option) > 0)
        if sigma[place] >= 0:
            told += 1
            assert sigma[place] == pytest.approx(of_sigma.confirmed(option), rel=2e-3, abs=2e-3)
    assert told > len(given.T) / 3


class Hill:
    """Stands in for a judge: one summit, at a spot and a strike of 64."""

    def over(self, given):
        return 1 / (1 + np.abs(given[0] - 64) + np.abs(given[1] - 64))


def test_a_climb_gets_from_ordinary_options_to_the_summit():
    family = Family("ordinary", lambda rng, count: np.array(ordinary(rng, count)))
    found = Climb(Hill(), family, [], np.random.default_rng(1)).run(1.0)
    assert found.option[:2] == pytest.approx([64, 64], abs=1e-6)


def test_a_climb_without_options_to_start_from_finds_nothing():
    family = Family("empty", lambda rng, count: np.empty((7, 0)))
    assert Climb(Hill(), family, [], np.random.default_rng(1)).run(0.1) is None


@pytest.mark.parametrize("output", ["theta", "vanna", "charm", "color"])
@pytest.mark.parametrize("operation", ["greeks", "bachelier_greeks"])
def test_at_its_zeros_an_output_is_less_than_its_inputs_leave_open(operation, output):
    [target] = [one for one in targets(operation) if one.output == output]
    rng = np.random.default_rng(1)
    zeros = at_zeros(target, BACKEND, lambda rng, count: options(operation, 2), rng, 20)
    assert zeros.shape[1] > 5
    left_open = 0
    for lane in zeros.T.tolist():
        exact = ORACLES[operation].exact_values(*lane)[target.place]
        left_open += abs(exact) < 2000 * target.bound.unit(tuple(lane), exact)
    assert left_open > zeros.shape[1] / 2


@pytest.mark.parametrize("name", [*thresholds.LOGNORMAL, *thresholds.NORMAL])
def test_thresholds_leave_options_within_the_scope(name):
    place = thresholds.LOGNORMAL.get(name) or thresholds.NORMAL[name]
    given = options("price" if name in thresholds.LOGNORMAL else "bachelier_price", 5)
    with np.errstate(all="ignore"):
        moved = place(np.random.default_rng(1), given)
    assert moved.shape == given.shape
    assert within(moved).mean() > 0.3


def test_h_is_put_beside_t():
    place = thresholds.LOGNORMAL["h - t at 0"]
    given = np.array(regions.PRICE[0].sample(50))
    spot, strike, time, rate, dividend, sigma, _ = place(np.random.default_rng(1), given)
    total = sigma * np.sqrt(time)
    h = np.abs(np.log(spot / strike) + (rate - dividend) * time) / total
    assert np.max(np.abs(h / (total / 2) - 1)) < 2**-6 + 1e-6


def keep_worst_cases_in(folder, monkeypatch):
    """Let the oracles' files of worst cases lie in a folder."""
    monkeypatch.setattr(
        worst_cases,
        "oracle",
        lambda operation: replace(ORACLES[operation], worst_cases=folder / f"{operation}.txt"),
    )


def test_a_worst_case_is_kept_once_and_read_back_to_the_bit(tmp_path, monkeypatch):
    keep_worst_cases_in(tmp_path, monkeypatch)
    (tmp_path / "price.txt").write_text("# spot and so on\n")
    lane = (0.1, 1 / 3, 5e-324, -0.0, 1e300, 2.0, -1.0)
    assert worst_cases.add("price", lane, "one ulp")
    assert not worst_cases.add("price", lane, "again")
    [case] = worst_cases.worst_cases("price")
    assert [x.hex() for x in case.lane] == [x.hex() for x in lane]
    assert case.remark == "one ulp"


@pytest.mark.parametrize("operation", attained.MEASURED)
def test_every_operation_has_worst_cases_of_its_own_length(operation):
    oracle = ORACLES[operation]
    lengths = {len(case.lane) for case in worst_cases.worst_cases(operation)}
    assert lengths == {len(oracle.regions[0].quick(1))}


def test_the_command_writes_what_it_found_and_says_whether_a_bound_is_broken(tmp_path, capsys):
    file = tmp_path / "found.json"
    words = ["--climb", "--operation", "bachelier_price", "--family", "ordinary"]
    code = command.main([*words, "--seconds", "0.01", "--json", str(file), "--backend", BACKEND])
    found = json.loads(file.read_text())["bachelier_price"]
    assert code == int(any(one["broken"] for one in found))
    assert {one["output"] for one in found} == {"price"}
    lane = [float.fromhex(word) for word in found[0]["families"][0]["inputs"]]
    [exact] = ORACLES["bachelier_price"].exact_values(*lane)
    result = Judge(targets("bachelier_price")[0], BACKEND).results(np.array(lane)[:, None])[0]
    unit = found[0]["limit"] * targets("bachelier_price")[0].bound.unit(tuple(lane), exact)
    assert found[0]["families"][0]["over"] == pytest.approx(float(abs(result - exact) / unit))
    assert "bounds broken" in capsys.readouterr().out


def test_a_limit_of_zero_is_broken_by_any_miss():
    [_, code] = targets("implied_volatility")
    assert isinstance(code, Target)
    assert (code.over(0.0), code.over(1.0)) == (0.0, np.inf)


def test_a_price_beyond_the_largest_double_is_no_quote():
    judge = InversionJudge(targets("implied_volatility")[0], BACKEND)
    given = np.array([[1e160, 1.0, 1.0, 0.0, -400.0, 0.5, 1.0]]).T
    assert judge.operands(given)[0, 0] == np.inf
    assert judge.over(given)[0] == -1


def test_of_each_bound_the_worst_cases_within_the_promise_are_kept(tmp_path, monkeypatch):
    keep_worst_cases_in(tmp_path, monkeypatch)
    (tmp_path / "price.txt").touch()
    overs = [(3.0, True), (2.0, False), (1.5, True), (0.9, True), (0.8, True), (0.1, True)]
    families = [
        {
            "family": "ordinary",
            "over": over,
            "promised": promised,
            "confirmed": True,
            "inputs": [over.hex()] * 7,
        }
        for over, promised in overs
    ]
    target = targets("price")[0]
    assert report.keep(target, {"families": families}) == report.KEPT
    kept = worst_cases.worst_cases("price")
    assert [case.lane[0] for case in kept] == [3.0, 1.5, 0.9]
    assert kept[0].remark == "price at 3.00 of its bound, ordinary"
    assert report.keep(target, {"families": families}) == 0
