"""What is no profile, or not this user's, costs one warning: no call fails, hangs or is slow."""

import json
import os
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import quantforge

BLOCKED = {"QUANTFORGE_BLOCK": "rust,c,numba"}
ZERO, FULL = 5, 7  # minor numbers of memory devices

PRICE = """
import resource, warnings, quantforge
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for n in range(3):
        quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2)
        quantforge.dispatch.invalidate()
for each in caught:
    print(each.message)
"""


@pytest.fixture
def warned(python):
    """A function pricing with a profile in a process of its own; returns the warnings."""

    def run(profile, before="", **environment):
        settings = {**BLOCKED, "QUANTFORGE_PROFILE": str(profile), **environment}
        return python(before + PRICE, timeout=30, **settings).splitlines()

    return run


@pytest.fixture
def autotune():
    """A function running ``python -m quantforge.autotune`` with a profile; returns how it ended."""

    def run(profile, *words):
        return subprocess.run(
            [sys.executable, "-m", "quantforge.autotune", *map(str, words)],
            env={**os.environ, **BLOCKED, "QUANTFORGE_PROFILE": str(profile)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def with_sections(path, *sections):
    path.write_text(json.dumps({"what": "quantforge profile", "sections": sections}))
    return path


@pytest.fixture
def profile(tmp_path):
    """A profile that is right in form."""
    return with_sections(tmp_path / "profile.json")


@pytest.fixture
def another(tmp_path):
    """One to import, which takes no time."""
    return with_sections(tmp_path / "another.json", {"schema": 99})


def sparse(path):
    with path.open("wb") as file:
        file.truncate(300 << 30)


def bind(path):
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # the name of a socket must be short
        made.bind(path.name)


PLACES = {
    "a pipe": (os.mkfifo, "it is not a regular file"),
    "a sparse file of 300 GB": (sparse, "it has more than 4 MiB"),
    "a folder": (Path.mkdir, "it is not a regular file"),
    "a socket": (bind, "it is not a regular file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "symbolic links"),
}


@pytest.mark.parametrize(("make", "reason"), PLACES.values(), ids=PLACES)
def test_what_is_no_file_of_ordinary_size_is_no_profile(
    tmp_path, monkeypatch, warned, make, reason
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "profile.json"
    make(path)
    (line,) = warned(path)
    assert str(path) in line
    assert reason in line


def test_a_device_is_no_profile_and_is_neither_read_replaced_nor_deleted(
    device, another, warned, autotune
):
    for name, minor, words in (("zero", ZERO, ["--import", another]), ("full", FULL, ["--forget"])):
        node = device(name, minor)
        (line,) = warned(node)
        assert f"{node} is not a usable profile (it is not a regular file)" in line
        ended = autotune(node, *words)
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1].endswith("it is not a regular file")
        assert stat.S_ISCHR(node.stat().st_mode)
    assert {each.name for each in node.parent.iterdir()} == {"zero", "full", another.name}


def test_a_user_who_is_not_there_has_no_profile(warned, autotune, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    profile = "~nosuchuser/profile.json"
    (line,) = warned(profile)
    assert f"{profile} is not a usable profile (there is no such home directory)" in line
    ended = autotune(profile, "--budget", "0.3", "--json")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["operations"]
    assert f"{profile} cannot be written: there is no such home directory" in ended.stderr
    assert not list(tmp_path.iterdir())


def as_root():
    return pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else"
    )


SOMEBODY = 54_321  # has no entry in the password file


@as_root()
def test_without_home_and_without_an_entry_in_the_password_file_there_is_no_profile(warned):
    before = (
        "import os\n"
        f"os.setresuid({SOMEBODY}, 0, 0)  # a home is that of the real user\n"
        "for name in ('HOME', 'QUANTFORGE_PROFILE', 'XDG_CACHE_HOME'): os.environ.pop(name, None)\n"
    )
    (line,) = warned("", before)
    assert line.startswith("~/.cache/quantforge/profile.json is not a usable profile")


@as_root()
def test_a_profile_of_somebody_else_is_not_read_but_replaced_by_ones_own(
    profile, another, warned, autotune
):
    os.chown(profile, SOMEBODY, SOMEBODY)
    (line,) = warned(profile)
    assert f"{profile} is not a usable profile (it belongs to somebody else)" in line
    assert autotune(profile, "--import", another).returncode == 0
    assert profile.stat().st_uid == os.geteuid()
    assert not warned(profile)


def test_a_profile_that_others_may_write_to_is_not_read_until_it_is_written_anew(
    profile, another, warned, autotune
):
    profile.chmod(0o646)
    (line,) = warned(profile)
    assert f"{profile} is not a usable profile (others may write to it)" in line
    assert autotune(profile, "--import", another).returncode == 0
    assert stat.S_IMODE(profile.stat().st_mode) == 0o644
    assert not warned(profile)


def test_a_group_may_write_to_a_profile_only_if_it_is_the_users_own(profile, warned):
    profile.chmod(0o664)
    assert not warned(profile)
    with suppress(PermissionError):
        os.chown(profile, -1, os.getegid() + 1)
        assert "others may write to it" in warned(profile)[0]


def test_the_cache_directory_is_made_for_its_user_alone(tmp_path, another, autotune, python):
    cache = tmp_path / "cache"
    code = (
        "import os, sys; os.environ.pop('QUANTFORGE_PROFILE')\n"
        "from quantforge.cli import main\n"
        f"sys.exit(main(['autotune', '--import', {str(another)!r}]))"
    )
    python(code, XDG_CACHE_HOME=str(cache), **BLOCKED)
    assert stat.S_IMODE((cache / "quantforge").stat().st_mode) == 0o700
    # A place that was asked for may be meant for others.
    place = tmp_path / "shared" / "profile.json"
    assert autotune(place, "--import", another).returncode == 0
    assert stat.S_IMODE(place.parent.stat().st_mode) & 0o055 == 0o055


def test_a_link_to_the_profile_stays_where_it_is_written_and_deleted(
    profile, another, autotune, tmp_path
):
    link = tmp_path / "link.json"
    link.symlink_to(profile.name)
    assert autotune(link, "--import", another).returncode == 0
    assert link.is_symlink()
    assert json.loads(profile.read_text())["sections"]
    assert autotune(link, "--forget").returncode == 0
    assert link.is_symlink()
    assert not profile.exists()


def test_a_profile_is_not_written_larger_than_it_may_be_read(profile, another, autotune):
    for path in (profile, another):
        with_sections(path, {"schema": 99, "large": path.name * (3 << 16)})
    before = profile.read_text()
    ended = autotune(profile, "--import", another)
    assert ended.returncode == 1
    assert f"{profile} cannot be written: it would have more than 4 MiB" in ended.stderr
    assert profile.read_text() == before


def test_a_pipe_in_place_of_the_lock_is_an_error_and_no_wait(profile, autotune):
    os.mkfifo(profile.with_name("profile.json.lock"))
    ended = autotune(profile, "--forget")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert profile.exists()


@pytest.mark.parametrize(
    "measured", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01\x1b00:00Z"]
)
def test_any_time_of_measurement_has_an_age(measured):
    from quantforge.profile import store

    assert store.age(measured)
    assert quantforge.explain("price").profile
