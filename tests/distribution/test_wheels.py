"""What our wheels bring, and what they ask for."""

import json
import re
from pathlib import Path

import pytest

import quantforge


@pytest.fixture(scope="module")
def installed(environment, backends):
    """An environment with everything, the backends as extras of the core."""
    extras = "all" if len(backends) == 3 else ",".join(["cli", *backends])
    fresh = environment()
    fresh.install(f"quantforge-core[{extras}]", "quantforge-conformance")
    return fresh


def test_what_comes_is_ours_and_nothing_called_quantforge(installed, backends):
    ours = {f"quantforge-{name}" for name in ("core", "conformance", *backends)}
    assert set(installed.distributions()) == ours


def test_no_distribution_asks_for_the_other_quantforge(installed):
    for name, distribution in installed.distributions().items():
        asked = {re.match(r"[\w.-]+", each)[0] for each in distribution.requires or ()}
        assert "quantforge" not in asked
        assert name == "quantforge-core" or "quantforge-core" in asked


def test_the_core_offers_the_backends_and_the_command_line_as_extras(installed):
    core = installed.distributions()["quantforge-core"].metadata
    offered = {"rust", "c", "numba", "cli", "all", "bench", "docs", "examples", "test", "release"}
    assert set(core.get_all("Provides-Extra")) == offered
    assert core["Version"] == quantforge.__version__


def test_the_package_is_called_quantforge_and_is_that_of_the_environment(installed):
    ended = installed.run("python", "-c", "import quantforge; print(quantforge.__file__)")
    assert Path(ended.stdout.strip()) == installed.site / "quantforge" / "__init__.py"


def test_the_command_finds_every_installed_backend_available(installed, backends):
    ended = installed.run("quantforge", "backends", "--json")
    assert ended.returncode == 0, ended.stderr
    states = {each["name"]: each["state"] for each in json.loads(ended.stdout)}
    assert states == dict.fromkeys(["numpy", *backends], "available")


def test_packages_to_begin_with_come_along(installed, tmp_path):
    for words in (["new-backend", "--language", "cpp"], ["new-operation"]):
        ended = installed.run("quantforge", *words, "begun", "--folder", tmp_path / words[0])
        assert ended.returncode == 0, ended.stderr
        for place in (".github/workflows/ci.yml", ".gitignore", "README.md", "pyproject.toml"):
            assert (tmp_path / words[0] / place).is_file()
    assert (tmp_path / "new-backend/src/price.cpp").is_file()
    assert (tmp_path / "new-operation/python/quantforge_begun/oracle.py").is_file()
    assert not [*tmp_path.rglob("*.pyc")]


def test_every_installed_backend_loads_and_prices(installed, backends):
    options = "[100.0], [100.0], [1.0], [0.05], [0.2]"
    for name in ("numpy", *backends):
        price = f"import quantforge; print(*quantforge.price({options}, backend={name!r}))"
        ended = installed.run("python", "-c", price)
        assert ended.returncode == 0, ended.stderr
        assert float(ended.stdout) == pytest.approx(10.450583572185565667, rel=1e-14)  # mpmath


COMPARE = (
    "import json; from quantforge.cli import integrity; print(json.dumps(integrity.compare()))"
)


def test_what_pip_installed_is_what_the_wheels_brought_until_it_is_damaged(installed, backends):
    def compared():
        ended = installed.run("python", "-c", COMPARE)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    summaries, problems = compared()
    ours = {f"quantforge-{name}" for name in ("core", *backends)}
    assert {each["distribution"]: each["state"] for each in summaries} == dict.fromkeys(
        ours, "intact"
    )
    assert problems == []
    data = installed.site / "quantforge" / "data" / "american_boundary.npy"
    content = data.read_bytes()
    data.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # one bit
    try:
        _, problems = compared()
    finally:
        data.write_bytes(content)
    path = "quantforge/data/american_boundary.npy"
    assert problems[1:] == [f"quantforge-core: {path} has other content than RECORD says"]
