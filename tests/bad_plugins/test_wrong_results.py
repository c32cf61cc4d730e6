"""A kernel that passes the golden check and is wrong afterwards is found by the tuner."""

import json

import pytest

import quantforge
from quantforge.plugins import State

pytest.importorskip("rich")

NATIVE = [one.name for one in quantforge.backends() if one.exact and one.state is State.AVAILABLE]
WRONG = {
    "size": (True, "if found.size > 3_000: found[17] = np.nextafter(found[17], 1e9)"),
    "stale": (True, "if calls > 1_000: found[:] = found[::-1].copy()"),
    "rough": (False, "if found.size > 3_000: found[17] *= 1.0001"),
    "forgets": (True, "if out is not None and calls > 1_000: found[-1:] = before[-1:]"),
}
WRAPPED = """
exact = EXACT
def load():
    from quantforge.plugins import registry
    inner = registry().kernel(NATIVE, "price")
    calls = 0
    def kernel(*operands, out=None):
        nonlocal calls
        calls += 1
        before = None if out is None else out[0].copy()
        found = inner(*operands, out=out)
        if np.ndim(found) == 1:
            FAULT
        return found
    return {"price": kernel}
"""


TUNE = """
import json
from quantforge import dispatch
from quantforge.profile import store
from quantforge.tuning import session
tuned = session.tune(seconds=4.0, operations=["price"])
store.merge(tuned.profile)
dispatch.invalidate()
left_out = {name: record.left_out for name, record in tuned.section.backends.items()}
print(json.dumps([left_out, [row.backend for row in dispatch.plan("price").rows]]))
"""


@pytest.mark.skipif(not NATIVE, reason="nothing exact is installed")
@pytest.mark.parametrize("name", WRONG)
def test_it_is_excluded_with_the_first_differing_value_and_never_used_again(site, name):
    exact, fault = WRONG[name]
    code = WRAPPED.replace("EXACT", str(exact)).replace("NATIVE", repr(NATIVE[0]))
    site.add(name, code.replace("FAULT", fault))
    others = ",".join(set(NATIVE[1:]))
    ended = site.python("-c", TUNE, QUANTFORGE_BLOCK=others)
    assert ended.returncode == 0, ended.stderr
    left_out, used = json.loads(ended.stdout)
    assert set(used) == {NATIVE[0]}
    reason = left_out[name]
    assert reason.startswith("price of ")
    assert " is wrong: result 0[" in reason
    assert left_out[NATIVE[0]] == left_out["numpy"] == ""

    def states():
        listed = json.loads(site.command("backends", "--json", QUANTFORGE_BLOCK=others).stdout)
        return {each["name"]: (each["state"], each["reason"]) for each in listed}

    def is_out():
        state, why = states()[name]
        return state == "broken" and why.startswith(reason)

    assert is_out()
    assert states()[NATIVE[0]][0] == "available"
    words = "autotune", "--operation", "greeks", "--budget", "3"
    assert site.command(*words, QUANTFORGE_BLOCK=others).returncode == 0
    assert is_out(), "what is right in another operation is not forgiven"
