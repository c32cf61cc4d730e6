"""Compiled once per machine: the cache on disk, and what happens without one."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

REPORT = """
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    bits = digest()
from quantforge_numba.loops import kernels
print(json.dumps({
    "package": kernels.__file__,
    "hits": kernels.price.cache_hits,
    "warnings": [f"{one.category.__name__}: {one.message}" for one in caught],
    "bits": bits,
}))
"""


@pytest.fixture(scope="module")
def run(child):
    """Load the copy of the package at a path in a new process, price, and report."""

    def run(package, **changes):
        path = os.pathsep.join([str(package.parent), os.environ.get("PYTHONPATH", "")])
        report = child(REPORT, PYTHONPATH=path, **changes)
        assert Path(report["package"]).parents[1] == package
        return report

    return run


@pytest.fixture(scope="module")
def first(run, tmp_path_factory):
    """A copy of the package never compiled before, with what the first process reported."""
    (source,) = find_spec("quantforge_numba").submodule_search_locations
    package = tmp_path_factory.mktemp("first") / "quantforge_numba"
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package, run(package)


@pytest.fixture
def package(first, tmp_path):
    """Another copy, with the cache that the first process left."""
    return Path(shutil.copytree(first[0], tmp_path / "quantforge_numba"))


@pytest.fixture
def blocked(tmp_path):
    """A path where no directory can be made, not even by root."""
    path = tmp_path / "file"
    path.touch()
    return path / "cache"


def test_a_second_process_compiles_nothing(run, first):
    package, report = first
    assert (report["hits"], report["warnings"]) == (0, [])
    assert run(package) == {**report, "hits": 1}


@pytest.mark.parametrize("path", ["tables.py", "loops/lanes.py"])  # Numba watches neither
def test_an_edited_source_is_compiled_anew(run, package, path):
    assert run(package)["hits"] == 1
    with (package / path).open("a") as source:
        source.write("# edited\n")
    report = run(package)
    assert (report["hits"], report["warnings"]) == (0, [])


def test_an_unwritable_directory_of_the_users_costs_one_warning(run, first, blocked):
    package, expected = first
    report = run(package, NUMBA_CACHE_DIR=blocked)
    assert report["hits"] == 1  # found beside the sources
    (warning,) = report["warnings"]
    assert warning.startswith("QuantForgeWarning: ")
    assert str(blocked) in warning
    assert report["bits"] == expected["bits"]


def test_without_any_writable_directory_it_compiles_with_one_warning(run, first, package, blocked):
    shutil.rmtree(package / "loops" / "__pycache__")
    (package / "loops" / "__pycache__").touch()
    report = run(package, NUMBA_CACHE_DIR=blocked, HOME=blocked, XDG_CACHE_HOME=blocked)
    (warning,) = report["warnings"]
    assert warning.startswith("QuantForgeWarning: ")
    assert "NUMBA_CACHE_DIR" in warning
    assert (report["hits"], report["bits"]) == (0, first[1]["bits"])


def test_a_hole_in_compiled_code_is_never_run_but_written_anew(run, first, package):
    for code in (package / "loops" / "__pycache__").glob("*.nbc"):
        data = code.read_bytes()
        place = len(data) * 2 // 11  # where LLVM has been seen to crash
        code.write_bytes(data[:place] + bytes(512) + data[place + 512 :])
    report = run(package)
    assert (report["hits"], report["warnings"], report["bits"]) == (0, [], first[1]["bits"])
    assert run(package) == {**report, "hits": 1}


DAMAGED = """
from pathlib import Path
from quantforge_numba.loops.kernels import cached
import tiny

damages = {
    "short": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "another": lambda data: b"rubbish",
    "a flipped bit": lambda data: bytes((data[0] ^ 1,)) + data[1:],
    "longer": lambda data: data + b"more",
}
hits = {"first": [cached(tiny.tiny).cache_hits for _ in range(2)]}
for ending in ("nbi", "nbc", "seal"):
    for kind, damage in damages.items():
        (file,) = Path(tiny.__file__).parent.rglob(f"*.{ending}")
        file.write_bytes(damage(file.read_bytes()))
        hits[f"{kind} {ending}"] = [cached(tiny.tiny).cache_hits for _ in range(2)]
    file.unlink()
    hits[f"no {ending}"] = [cached(tiny.tiny).cache_hits for _ in range(2)]
warnings.simplefilter("error")
print(json.dumps(hits))
"""


def test_a_damaged_cache_of_any_kind_is_written_anew_once(child, tmp_path):
    (tmp_path / "tiny.py").write_text("def tiny(arguments, sizes, steps, data): pass\n")
    hits = child(DAMAGED, PYTHONPATH=tmp_path)
    assert len(hits) == 19
    assert {kind: of for kind, of in hits.items() if of != [0, 1]} == {}
