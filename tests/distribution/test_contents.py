"""What is in our wheels, and that what is not is noticed before they are published."""

import zipfile

import pytest

import quantforge
from release import check

INFO = "quantforge_mine-{0}.dist-info"
METADATA = """\
Metadata-Version: 2.4
Name: quantforge-mine
Version: {version}
License-Expression: {licence}
License-File: LICENSE
Project-URL: Homepage, {home}
Project-URL: Changelog, {home}/CHANGELOG.md
"""


@pytest.fixture(scope="module")
def ours(wheels):
    """The wheels of our distributions."""
    return sorted(wheels.glob("quantforge_*.whl"))


def test_our_wheels_have_types_a_licence_addresses_one_version_and_the_tag_they_should(ours):
    assert len(ours) >= 2
    assert {wheel.name: [*check.contents(wheel)] for wheel in ours} == {
        wheel.name: [] for wheel in ours
    }


def test_twine_and_check_wheel_contents_find_nothing(ours):
    assert check.examined(*ours) == []


def write(folder, left_out=(), tag="py3-none-any", more=(), **facts):
    """Write a wheel with nothing wrong but what is said."""
    version = quantforge.__version__
    facts = {"version": version, "licence": "MIT", "home": "https://example.org/mine", **facts}
    info = INFO.format(version)
    files = {
        "quantforge_mine/__init__.py": "",
        "quantforge_mine/py.typed": "",
        f"{info}/METADATA": METADATA.format(**facts),
        f"{info}/licenses/LICENSE": "MIT",
        **dict.fromkeys(more, ""),
    }
    wheel = folder / f"quantforge_mine-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as opened:
        for name, text in files.items():
            if not name.endswith(tuple(left_out) or "\0"):
                opened.writestr(name, text)
    return wheel


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({}, None),
        ({"left_out": ["py.typed"]}, "the package quantforge_mine has no py.typed"),
        ({"left_out": ["LICENSE"]}, "it has no LICENSE"),
        ({"licence": "BSD-3-Clause"}, "its licence is BSD-3-Clause"),
        ({"version": "9.9.9"}, "its version is 9.9.9, that of the sources {}"),
        ({"tag": "cp311-cp311-linux_x86_64"}, "its tag is cp311-cp311-linux_x86_64"),
        ({"more": ["quantforge_mine/_native.so"]}, "its tag is py3-none-any"),
    ],
)
def test_what_a_wheel_lacks_is_named(tmp_path, monkeypatch, wrong, fault):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    expected = [fault.format(quantforge.__version__)] if fault else []
    assert [*check.contents(write(tmp_path, **wrong))] == expected


def test_wheels_that_call_another_place_their_home_are_not_published_from_here(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://example.org")
    monkeypatch.setenv("GITHUB_REPOSITORY", "theirs")
    fault = (
        "its homepage is https://example.org/mine, but this is built for https://example.org/theirs"
    )
    assert [*check.contents(write(tmp_path))] == [fault]
    monkeypatch.setenv("GITHUB_REPOSITORY", "mine")
    assert [*check.contents(write(tmp_path))] == []


def test_a_wheel_that_was_not_built_is_missed(tmp_path):
    faults = check.faults(tmp_path)
    assert f"{tmp_path} has no wheel of quantforge-rust" in faults
    assert f"{tmp_path} has no source distribution of quantforge-core" in faults
