"""What a backend says it cannot do is taken as normal, and nobody's result depends on it."""

import itertools
from random import Random

import numpy as np
import pytest

import quantforge
from quantforge import BackendError, dispatch
from quantforge.dispatch import forced_threads
from quantforge.operations import OPERATIONS
from quantforge.plan import Row
from quantforge.plugins import registry
from quantforge.tuning import session
from quantforge.tuning.clock import Clock

OPTION = (100.0, 105.0, 0.5, 0.03, 0.2)


@pytest.fixture
def backend(describe):
    """A function describing a backend whose every result is its number, and what it was asked."""

    def make(name, number, operations=("price",), preference=1, **capabilities):
        def kernel(*operands, out, outputs=("price",)):
            asked.append((name, outputs, max(each.size for each in operands)))
            results = tuple(np.full(np.broadcast_shapes(*(x.shape for x in operands)), number)
                            for _ in outputs)  # fmt: skip
            for each, result in zip(out or results, results, strict=True):
                each[...] = result
            return out or results

        return describe(
            name,
            numerics={one: OPERATIONS[one].numerics for one in operations},
            load=lambda: dict.fromkeys(operations, kernel),
            preference=preference,
            **capabilities,
        )

    asked = make.asked = []
    return make


def answers(*sizes, **options):
    """The prices of batches of so many options, each from one backend."""
    found = [quantforge.price(np.full(n, 100.0), *OPTION[1:], **options) for n in sizes]
    assert all(len(set(each.tolist())) == 1 for each in found)
    return [float(each[0]) for each in found]


# --- what is described -------------------------------------------------------------------------

WRONG = {
    "approximate": [{"price": 0}, {"price": float("inf")}, {"price": "1"}, ("price",)],
    "outputs": [{"price": ()}, {"price": "delta"}, {"price": ["delta"]}, None],
    "models": ["black76", ["black76"], (76,)],
    "min_size": [0, 1.0, None, True],
    "max_size": [0, None, "many"],
    "threads": [0, None],
    "forks": [0, None],
    "chunk": [0, 1.5, True],
    "arrays": ["jax.Array", ("Array",), (object,)],
    "device": ["", None],
    "url": [None],
}


@pytest.mark.parametrize(
    ("field", "value"), [(name, each) for name, its in WRONG.items() for each in its], ids=str
)
def test_a_description_that_cannot_be_meant_is_refused(describe, field, value):
    with pytest.raises(TypeError, match=f"^{field} of a backend cannot be "):
        describe(**{field: value})


def test_capabilities_of_what_it_does_not_implement_and_contradictions_are_refused(describe):
    with pytest.raises(ValueError, match="outputs names 'greeks', which numerics does not"):
        describe(outputs={"greeks": ("delta",)})
    with pytest.raises(ValueError, match="approximate names 'greeks', which numerics does not"):
        describe(approximate={"greeks": 2})
    with pytest.raises(ValueError, match="approximate operations is not exact"):
        describe(exact=True, approximate={"price": 2})
    with pytest.raises(ValueError, match="max_size of a backend is less than its min_size"):
        describe(min_size=10, max_size=9)


def test_an_output_that_the_operation_has_not_breaks_its_backend_alone(install, backend):
    install(bad=backend("bad", 1.0, ("greeks",), outputs={"greeks": ("delta", "theta2")}))
    [info] = [one for one in quantforge.backends() if one.name == "bad"]
    assert (info.state, info.reason) == (
        "broken",
        "hook failed: ValueError: unknown output 'theta2' of greeks; valid: "
        f"{', '.join(each.name for each in OPERATIONS['greeks'].outputs)}; did you mean 'theta'?",
    )
    quantforge.price(*OPTION, backend="numpy")


def test_a_model_that_there_is_not_breaks_its_backend_alone(install, backend):
    install(bad=backend("bad", 1.0, models=("black_76",)))
    [info] = [one for one in quantforge.backends() if one.name == "bad"]
    assert info.reason.startswith("hook failed: ValueError: unknown model 'black_76'; valid: ")


# --- outputs and models ------------------------------------------------------------------------


def test_greeks_go_to_who_can_write_them_all(install, backend):
    few = {"greeks": ("price", "delta", "gamma")}
    install(
        few=backend("few", 1.0, ("greeks",), outputs=few),
        all=backend("all", 2.0, ("greeks",), preference=2),
    )
    with quantforge.using(exact=False):
        assert quantforge.greeks(*OPTION, which=["delta", "gamma"]) == {"delta": 1, "gamma": 1}
        assert quantforge.greeks(*OPTION, which=["delta", "vega"]) == {"delta": 2, "vega": 2}
        assert quantforge.explain("greeks", which=["delta"]).backend == "few"
        report = quantforge.explain("greeks", which=["delta", "vega", "rho"])
    assert report.backend == "all"
    assert report.candidates["few"] == "does not compute vega, rho of 'greeks'"
    with pytest.raises(BackendError, match="'few' does not compute theta, rho of 'greeks'"):
        quantforge.greeks(*OPTION, which=["delta", "theta", "rho"], backend="few")
    asked = [outputs for name, outputs, _ in backend.asked if name == "few"]
    assert {*itertools.chain(*asked)} <= {*few["greeks"]}


def test_what_the_user_gets_may_need_more_of_the_kernel(install, backend):
    """The rho of a forward price is a sum of two."""
    install(few=backend("few", 1.0, ("greeks",), outputs={"greeks": ("delta", "rho")}))
    with pytest.raises(BackendError, match="'few' does not compute price of 'greeks'"):
        quantforge.greeks(*OPTION, model="black76", which=["rho"], backend="few")


def test_a_model_goes_to_who_serves_it(install, backend):
    install(
        forward=backend("forward", 1.0, models=("black76",)),
        any=backend("any", 2.0, preference=2),
    )
    with quantforge.using(exact=False):
        assert quantforge.price(*OPTION, model="black76") == 1.0
        assert quantforge.price(*OPTION) == 2.0
        assert quantforge.explain("price", model="black76").backend == "forward"
    for name in ("black_scholes", "merton"):  # one model by two names
        install(spot=backend("spot", 3.0, models=(name,)), any=backend("any", 2.0, preference=2))
        for asked in ("black_scholes", "merton"):
            with quantforge.using(exact=False):
                assert quantforge.price(*OPTION, model=asked) == 3.0
                assert quantforge.explain("price", model=asked).backend == "spot"
    install(forward=backend("forward", 1.0, models=("black76",)))
    report = quantforge.explain("price")
    assert report.candidates["forward"] == "does not serve the model 'black_scholes'"
    with pytest.raises(BackendError, match="'forward' does not serve the model 'black_scholes'"):
        quantforge.price(*OPTION, backend="forward")
    with pytest.raises(BackendError, match="'forward' does not serve the model 'black_scholes'"):
        quantforge.bind("price", backend="forward")


# --- sizes -------------------------------------------------------------------------------------

EDGES = (1, 2, 9, 10, 11, 99, 100, 101, 5_000)


def test_each_batch_goes_to_who_takes_its_size(install, backend):
    install(
        middle=backend("middle", 1.0, min_size=10, max_size=100),
        small=backend("small", 2.0, preference=2, max_size=50),
        any=backend("any", 3.0, preference=3),
    )
    expected = [2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 3.0, 3.0]
    with quantforge.using(exact=False):
        assert answers(*EDGES) == expected
        bound = quantforge.bind("price")
        assert [bound(np.full(n, 100.0), *OPTION[1:])[0] for n in EDGES] == expected
        assert quantforge.price(*OPTION) == 2.0
        assert dispatch.preview("price", threads=1).rows == (
            Row(0, "small", 1), Row(10, "middle", 1), Row(101, "any", 1),
        )  # fmt: skip
        names = {"small": 2.0, "middle": 1.0, "any": 3.0}
        assert [names[quantforge.explain("price", n).backend] for n in EDGES] == expected
    report = quantforge.explain("price", 5)
    assert report.candidates["middle"] == "takes batches of 10 to 100 options"
    taken = {name: {n for who, _, n in backend.asked if who == name} for name in names}
    assert min(taken["middle"]) >= 10
    assert max(taken["middle"]) <= 100
    assert max(taken["small"]) <= 50


def test_a_named_backend_refuses_other_sizes(install, backend):
    install(large=backend("large", 1.0, min_size=1_000))
    match = "no backend takes a batch of this size: backend 'large' takes batches of 1,000 options"
    for call in (
        lambda: quantforge.price(*OPTION, backend="large"),
        lambda: answers(999, backend="large"),
        lambda: quantforge.bind("price", backend="large")(*OPTION),
        lambda: quantforge.bind("price", backend="large", n=5),
    ):
        with pytest.raises(BackendError, match=match):
            call()
    assert answers(1_000, 70_000, backend="large") == [1.0, 1.0]
    bound = quantforge.bind("price", backend="large", n=2_000)
    assert bound(np.full(2_000, 100.0), *OPTION[1:])[0] == 1.0
    report = quantforge.explain("price", 5, backend="large")
    assert (report.backend, report.reason) == (
        "",
        "backend 'large' takes batches of 1,000 options or more",
    )
    assert "no backend" in repr(report)


# --- all of it together ------------------------------------------------------------------------

MODELS = ("black_scholes", "merton", "black76", "garman_kohlhagen")
SETS = (("price",), ("delta",), ("delta", "vega"))


def drawn(random):
    """What a backend says of itself, at random."""
    operations = random.choice([("price",), ("greeks",), ("price", "greeks")])
    said = {"operations": operations, "min_size": random.choice([1, 1, 10])}
    if random.random() < 0.3:
        said["max_size"] = 100
    if random.random() < 0.3:
        said["models"] = tuple(random.sample(MODELS, 2))
    if "greeks" in operations and random.random() < 0.3:
        said["outputs"] = {"greeks": random.choice(SETS)}
    if random.random() < 0.3:
        said["approximate"] = dict.fromkeys(operations, 1e9)
    return said


def serves(said, operation, which, model, n, tier):
    """Whether a backend serves a request, by what it says."""
    same = {"merton": "black_scholes"}
    models = {same.get(each, each) for each in said.get("models", MODELS)}
    return (
        operation in said["operations"]
        and same.get(model, model) in models
        and set(which) <= set(said.get("outputs", {}).get(operation, which))
        and said["min_size"] <= n <= said.get("max_size", n)
        and (tier == "approximate" or "approximate" not in said)
    )


def asks(operation, which, n, how):
    """The ways to make one request of `n` options, each of which returns its first result."""
    spots = np.linspace(90.0, 110.0, n)
    how = how | ({"which": which} if operation == "greeks" else {})
    function = getattr(quantforge, operation)

    def first(found):
        return np.atleast_1d(found if operation == "price" else found[which[0]])[0]

    yield lambda: first(function(spots, *OPTION[1:], **how))
    yield lambda: first(quantforge.bind(operation, n=n, **how)(spots, *OPTION[1:]))
    if n == 1:
        yield lambda: first(function(*OPTION, **how))
        yield lambda: first(quantforge.bind(operation, **how)(*OPTION))


@pytest.mark.parametrize("seed", range(60))
def test_calls_bound_calls_and_explain_agree_on_who_serves_a_request(install, backend, seed):
    """By what backends say of themselves: the first by tier and preference that serves it."""
    random = Random(seed)
    said = {name: drawn(random) for name in "abc"}
    said["rest"] = {"operations": ("price", "greeks"), "min_size": 1}
    install(**{
        name: backend(name, float(place), preference=place, **each)
        for place, (name, each) in enumerate(said.items())
    })  # fmt: skip
    for _ in range(12):
        n, model = random.choice([1, 9, 10, 100, 101]), random.choice(MODELS)
        operation, which = random.choice([("price", ("price",)), *(("greeks", x) for x in SETS)])
        tier, asked = random.choice(["contract", "approximate"]), random.choice(["auto", *said])
        named = [*said] if asked == "auto" else [asked]
        reach = tier if asked == "auto" else "approximate"  # who is named may be of any tier
        able = [x for x in named if serves(said[x], operation, which, model, n, reach)]
        able.sort(key=lambda name: "approximate" in said[name])
        how = {"model": model, "backend": asked}
        with quantforge.using(tier=tier):
            for ask in asks(operation, which, n, how):
                if able:
                    assert ask() == [*said].index(able[0])
                else:
                    with pytest.raises(BackendError):
                        ask()
            if able:
                assert quantforge.explain(operation, n, which=which, **how).backend == able[0]


# --- threads -----------------------------------------------------------------------------------


def test_who_has_threads_of_its_own_is_never_split(install, backend):
    install(alone=backend("alone", 1.0, threads=False))
    for n in (70_000, 300_000):
        assert answers(n, backend="alone", threads=2) == [1.0]
        assert quantforge.explain("price", n, backend="alone", threads=2).threads == 1
    with forced_threads():
        assert answers(1_000, backend="alone", threads=2) == [1.0]
    assert [n for *_, n in backend.asked] == [70_000, 300_000, 1_000]


# --- forked children ---------------------------------------------------------------------------


def test_who_cannot_fork_is_left_out_in_a_child_and_auto_goes_on(install, backend):
    import os

    install(
        alone=backend("alone", 1.0, forks=False),
        other=backend("other", 2.0, preference=2, forks=False),
    )
    with quantforge.using(exact=False):
        assert quantforge.price(*OPTION) == 1.0  # the other is not loaded, and may be in the child
        child = os.fork()
        if child == 0:
            right = False
            try:
                with pytest.warns(quantforge.QuantForgeWarning, match="'alone' is left out: it is"):
                    right = quantforge.price(*OPTION) == 2.0
                [info] = [one for one in quantforge.backends() if one.name == "alone"]
                right &= info.state == "unavailable"
                right &= info.reason.startswith("it cannot run in a forked child; start ")
            finally:
                os._exit(0 if right else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert quantforge.price(*OPTION) == 1.0


# --- tiers -------------------------------------------------------------------------------------


def test_the_user_says_which_tiers_auto_may_take(install, backend):
    install(
        rough=backend("rough", 1.0, approximate={"price": 1e6}),
        good=backend("good", 2.0, preference=2),
    )
    fallback = quantforge.price(*OPTION, backend="numpy")
    exact = {"exact": None, "contract": 2.0, "approximate": 2.0}
    for tier in exact:
        with quantforge.using(tier=tier):
            assert quantforge.price(*OPTION) == 2.0  # there is no exact one, and good keeps better
            candidates = registry().candidates("price", tier)
            assert candidates == ("good", "numpy", *["rough"] * (tier == "approximate"))
    assert quantforge.price(*OPTION, backend="rough") == 1.0
    assert fallback != 2.0


def test_an_approximate_backend_is_never_taken_unless_it_is_allowed(install, backend):
    install(rough=backend("rough", 1.0, ("american_price",), approximate={"american_price": 2}))
    match = r"but with errors beyond the documented bounds; using\(tier='approximate'\)"
    for settings in ({}, {"exact": False}, {"tier": "contract"}):
        with quantforge.using(**settings), pytest.raises(BackendError, match=match):
            quantforge.price(*OPTION, exercise="american")
    with quantforge.using(tier="approximate"):
        assert quantforge.price(*OPTION, exercise="american") == 1.0


def test_explain_says_what_the_tier_means(install, backend):
    install(rough=backend("rough", 1.0, approximate={"price": 1e6}), good=backend("good", 2.0))
    both = {
        None: ("so auto takes it only where nothing exact is usable", "so auto never takes it"),
        "contract": ("which tier='contract' allows", "which tier='contract' rules out"),
        "approximate": ("which tier='approximate' allows", "which tier='approximate' allows"),
    }
    for tier, (good, rough) in both.items():
        with quantforge.using(tier=tier):
            texts = quantforge.explain("price").candidates
        assert texts["good"] == f"not measured; not exact, {good}"
        assert texts["rough"] == f"not measured; errors beyond the documented bounds, {rough}"
    with quantforge.using(exact=False):
        assert quantforge.explain("price").candidates["good"].endswith("'contract' allows")


def test_exact_is_short_for_a_tier_and_contradictions_are_refused():
    for exact, tier in ((True, "exact"), (False, "contract")):
        with quantforge.using(exact=exact):
            assert dispatch.best_tier() == tier
            with quantforge.using(threads=1):
                assert dispatch.best_tier() == tier
    with pytest.raises(ValueError, match="exact=True means tier='exact', not 'contract'"):
        quantforge.using(exact=True, tier="contract").__enter__()
    with pytest.raises(ValueError, match=r"unknown tier 'aproximate'; valid: .* did you mean"):
        quantforge.using(tier="aproximate").__enter__()


# --- tuning ------------------------------------------------------------------------------------


def test_tuning_takes_all_of_it_as_normal(install, backend, monkeypatch):
    install(
        few=backend("few", 1.0, ("greeks",), 99, outputs={"greeks": ("delta", "vanna")}),
        middle=backend("middle", 1.0, preference=99, min_size=8, max_size=300),
        alone=backend("alone", 1.0, preference=99, threads=False),
        forward=backend("forward", 1.0, preference=99, models=("black76",)),
        rough=backend("rough", 1.0, preference=99, approximate={"price": 1e6}),
    )
    monkeypatch.setattr("quantforge.threads.budget", lambda: 2)
    monkeypatch.setattr(session.Reference, "check", lambda *_: None)
    monkeypatch.setattr("quantforge.tuning.trial.crashes", lambda **_: {})
    short = session.RIGORS["quick"]._replace(rounds=1, largest=2_048, refinements=1)
    monkeypatch.setattr(session, "RIGORS", {"quick": short})
    tuned = session.tune(seconds=4.0, clock=Clock(), seed=1)
    left_out = {name: record.left_out for name, record in tuned.section.backends.items()}
    assert set(left_out.values()) == {""}
    curves = {
        (name, operation, curve.threads): curve.sizes
        for name, record in tuned.section.backends.items()
        for operation, its in record.operations.items()
        for curve in its.by_threads
    }
    assert {threads for name, _, threads in curves if name == "alone"} == {1}
    assert all(8 <= n <= 300 for n in itertools.chain(*(
        sizes for (name, *_), sizes in curves.items() if name == "middle"
    )))  # fmt: skip
    assert ("few", "greeks", 1) in curves
    assert ("forward", "price", 1) in curves
    assert ("rough", "price", 1) in curves
