"""A profile as JSON, and back."""

import json

import pytest

from quantforge.plan import Row
from quantforge.profile.curves import Curve
from quantforge.profile.machine import Machine
from quantforge.profile.record import Curves, Profile, Record, Section, dump, parse

ROWS = (Row(0, "one", 1),)


def test_writing_and_reading_gives_the_same_profile(flipping):
    profile = flipping.tune().profile
    assert parse(json.loads(json.dumps(dump(profile)))) == profile


def test_an_empty_profile_has_no_section():
    assert Profile().section(Machine("cpu", "isa", 1)) is None


def curves(rigor, noisy=False, numerics=1):
    return Curves(numerics, (Curve(1, (1, 10), (1e-6, 2e-6), (0.0, 0.5)),), rigor, noisy)


def profile(measured, build="a", rows=()):
    record = Record("1.0", build, "2026-01-01T00:00:00+00:00", "", operations=measured)
    return Profile((Section(Machine("cpu", "isa", 2), {"one": record}, {"price": rows}),))


def operations(merged):
    return merged.sections[0].backends["one"].operations


def test_less_care_does_not_replace_more_unless_forced_to():
    careful, quick = curves("thorough"), curves("quick")
    known = profile({"price": careful, "greeks": quick})
    new = profile({"price": quick, "greeks": careful})
    assert operations(known.merged(new)) == {"price": careful, "greeks": careful}
    assert operations(known.merged(new, force=True)) == {"price": quick, "greeks": careful}


def test_a_disturbed_measurement_never_replaces_an_undisturbed_one():
    undisturbed, disturbed = curves("quick"), curves("thorough", noisy=True)
    known, new = (profile({"price": one}) for one in (undisturbed, disturbed))
    assert operations(known.merged(new)) == {"price": undisturbed}
    assert operations(new.merged(known)) == {"price": undisturbed}


def test_care_taken_of_another_build_or_specification_protects_nothing():
    careful, quick = curves("thorough"), curves("quick", numerics=2)
    assert operations(profile({"price": careful}).merged(profile({"price": quick}))) == {
        "price": quick
    }
    rebuilt = profile({"price": curves("quick")}, build="b")
    known = profile({"price": careful, "greeks": careful})
    assert operations(known.merged(rebuilt)) == {"price": curves("quick")}


def test_an_operation_is_added_to_what_is_known_of_the_others():
    known = profile({"price": curves("quick")}, rows=(Row(0, "one", 1),))
    merged = known.merged(profile({"greeks": curves("quick")}, rows=(Row(0, "one", 2),)))
    assert set(operations(merged)) == {"price", "greeks"}
    assert merged.sections[0].rows["price"] == (Row(0, "one", 2),)


def test_a_profile_from_before_there_were_spreads_and_rows_is_read(flipping):
    content = json.loads(json.dumps(dump(flipping.tune().profile)))
    (section,) = content["sections"]
    del section["rows"]
    for record in section["backends"].values():
        del record["loading"]
        for measured in record["operations"].values():
            del measured["rigor"], measured["noisy"]
            for each in measured["curves"]:
                del each["spreads"]
    curve = parse(content).sections[0].backends["early"].operations["price"].by_threads[0]
    assert curve.spreads == ()
    assert curve.spread([1, 1000]) == pytest.approx([0.0, 0.0], abs=1e-9)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [1],
        [[1, "one", 1]],
        [[0, "one", 0]],
        [[0, "one", 1], [0, "one", 2]],
        [[0, "one", True]],
        [[0, "one"]],
        [[0, None, 1]],
        [["0", "one", 1], [2, "one", 1]],
        7,
    ],
)
def test_rows_that_are_none_are_damage(rows):
    content = json.loads(json.dumps(dump(profile({"price": curves("quick")}, rows=ROWS))))
    content["sections"][0]["rows"]["price"] = rows
    with pytest.raises(ValueError, match="rows"):
        parse(content)


@pytest.mark.parametrize("spreads", [[0.0], [0.0, 2.0], [0.0, -1.0], [0.0, "a"], [0.0, 1]])
def test_spreads_that_are_no_shares_are_damage(spreads):
    content = json.loads(json.dumps(dump(profile({"price": curves("quick")}, rows=ROWS))))
    each = content["sections"][0]["backends"]["one"]["operations"]["price"]["curves"][0]
    each["spreads"] = spreads
    with pytest.raises(ValueError, match="spreads"):
        parse(content)
