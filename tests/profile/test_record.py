"""A profile as JSON, and back."""

import json

from quantforge.profile.machine import Machine
from quantforge.profile.record import Profile, dump, parse


def test_writing_and_reading_gives_the_same_profile(flipping):
    profile = flipping.tune().profile
    assert parse(json.loads(json.dumps(dump(profile)))) == profile


def test_an_empty_profile_has_no_section():
    assert Profile().section(Machine("cpu", "isa", 1)) is None
