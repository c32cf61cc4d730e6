"""The example of a package with operations of its own: installed, examined and used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2] / "examples" / "digitals" / "tests"
CASH = "digitals_cash_or_nothing"


@pytest.fixture
def path(example):
    """What PYTHONPATH is where the example is installed."""
    return os.pathsep.join(filter(None, [str(example("digitals")), os.environ.get("PYTHONPATH")]))


@pytest.fixture
def answer(python, path):
    """A function running code where the example is installed; what it prints, read as JSON."""

    def run(code, setup="", **environment):
        code = f"import json, quantforge\n{setup}\nprint(json.dumps({code}))"
        return json.loads(python(code, PYTHONPATH=path, **environment))

    return run


def test_its_own_tests_pass_and_both_backends_conform(path, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS],
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_first_thing_a_process_asks_may_be_about_it(answer):
    explained = f"quantforge.explain({CASH!r}, 1000, backend='digitals_numpy').backend"
    assert answer(explained) == "digitals_numpy"
    assert answer("type(f(100.0, 95.0, 0.5, 0.03, 0.2).price).__name__", SETUP) == "float64"


SETUP = "from quantforge_digitals import cash_or_nothing as f"


def test_its_backends_are_listed_with_it_and_its_declaring_plugin_is_none(answer):
    found = answer("{one.name: one.operations for one in quantforge.backends()}")
    assert "digitals" not in found
    for backend in ("digitals_c", "digitals_numpy"):
        assert found[backend] == [CASH, "digitals_asset_or_nothing"]
    assert CASH not in found["numpy"]


def test_operations_stay_where_a_backend_of_theirs_is_blocked(answer):
    asked = f"quantforge.explain({CASH!r}).backend"
    assert answer(asked, QUANTFORGE_BLOCK="digitals_c") == "digitals_numpy"


@pytest.fixture
def with_third(example, path, tmp_path):
    """What PYTHONPATH is where a third distribution has a backend for one of the operations."""
    ours = example("digitals") / "quantforge_digitals" / "numpy_backend.py"
    text = ours.read_text().replace('"digitals_numpy"', '"third"')
    (tmp_path / "third.py").write_text(text.replace(", ASSET_OR_NOTHING.name: 1", ""))
    write_distribution(tmp_path, "third", "third = third")
    return f"{tmp_path}{os.pathsep}{path}"


def write_distribution(folder, name, entry):
    """Write the metadata of a distribution with a plugin."""
    folder = folder / f"{name}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[quantforge]\n{entry}\n")


def examined(path, *words):
    """What the conformance suite says of the third backend."""
    suite = ["-m", "pytest", "-q", "--pyargs", "quantforge_conformance", "--backend", "third"]
    return subprocess.run(
        [sys.executable, *suite, *words],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_backend_of_a_third_distribution_is_examined_on_them(with_third):
    done = examined(with_third, "-k", "test_identity or test_basics")
    assert done.returncode == 0, done.stdout
    [line] = (each for each in done.stdout.splitlines() if each.startswith(f"{CASH}: "))
    assert line.endswith(", 10 passed")


def test_where_two_declare_an_operation_everybody_says_so_and_the_rest_works(
    with_third, tmp_path, run_quantforge
):
    (tmp_path / "rival.py").write_text(
        "import quantforge\n"
        "from dataclasses import replace\n"
        "from quantforge.operations import OPERATIONS\n"
        f"OTHER = replace(OPERATIONS['price'], name={CASH!r}, function={CASH!r}, numerics=1)\n"
        "@quantforge.hookimpl\n"
        "def quantforge_operations():\n"
        "    return [OTHER]\n"
    )
    write_distribution(tmp_path, "rival", "digitals_cash = rival")
    clash = (
        "plugin 'digitals' of quantforge-digitals 1.0.0 and plugin 'digitals_cash' of rival 1.0 "
        f"both declare operation {CASH!r} (with another summary, inputs, outputs, default_outputs)"
        ": uninstall one"
    )
    found = run_quantforge(with_third, "doctor", "--json")
    problems = json.loads(found.stdout)["problems"]
    assert f"backend third implements {CASH!r}, which nothing that is usable declares" in problems
    for name in ("digitals", "digitals_cash"):
        assert f"backend {name} is broken: {clash}" in problems
    hint = f"; plugin 'digitals', which may declare it, is broken: {clash}"
    assert hint in run_quantforge(with_third, CASH, "--spot", "100").stderr
    assert hint in examined(with_third).stderr
    plain = ("--spot", "100", "--strike", "100", "--time", "1", "--rate", "0.05", "--sigma", "0.2")
    assert run_quantforge(with_third, "price", *plain).returncode == 0


@pytest.fixture
def run_quantforge():
    """A function running the command in a process with a path of its own."""

    def run(path, *words):
        pytest.importorskip("rich")
        return subprocess.run(
            [sys.executable, "-m", "quantforge", *words],
            env=os.environ | {"PYTHONPATH": path, "QUANTFORGE_BLOCK": "rust,c,numba"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_kernels_and_functions_travel_to_a_process_that_knows_nothing_yet(python, path, tmp_path):
    file = tmp_path / "pickled"
    code = (
        "import pickle, quantforge, quantforge_digitals as d; from quantforge import testing\n"
        f"given = [d.cash_or_nothing, quantforge.bind({CASH!r})]\n"
        "if 'digitals_c' in {b.name for b in quantforge.backends() if b.state == 'available'}:\n"
        f"    given.append(testing.kernel('digitals_c', {CASH!r}))\n"
        f"pickle.dump(given, open({str(file)!r}, 'wb'))"
    )
    python(code, PYTHONPATH=path)
    option = (100.0, 95.0, 0.5, 0.03, 0.2)
    code = (
        f"import pickle; given = pickle.load(open({str(file)!r}, 'rb'))\n"
        f"print([float(f(*{option}).price) for f in given[:2]])"
    )
    first, second = json.loads(python(code, PYTHONPATH=path))
    assert first == second


def test_it_is_tuned_as_ours_are(answer, tmp_path):
    tuned = answer(
        "[*tune('quick', seconds=3.0).section.backends['digitals_numpy'].operations]",
        QUANTFORGE_BLOCK="rust,c,numba,numpy",
        QUANTFORGE_PROFILE=str(tmp_path / "profile.json"),
        setup="from quantforge.tuning.session import tune",
    )
    assert sorted(tuned) == ["digitals_asset_or_nothing", CASH]
