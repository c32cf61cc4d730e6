"""Native kernels under tools that see what tests cannot: ``./dev test --sanitize``.

C under AddressSanitizer and UndefinedBehaviorSanitizer, the shipped C on AVX2 under valgrind, and
Rust with its assertions, all over the edge shapes of the conformance suite. That builds both
backends anew and takes minutes, so an ordinary run does not collect this file.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHAPES = Path(__file__).with_name("shapes.py")
SABOTEURS = ROOT / "tests" / "conformance" / "saboteurs.py"
ISAS = ["avx512", "avx2", "baseline"]
SANITIZERS = "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"
FEW = ["1", "7", "8", "9", "33", "64", "129"]  # enough for a planted fault
SECONDS = 1_200


def ran(command, **environment):
    """Run a command to its end; return its exit code and what it said."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env=os.environ | {name: str(value) for name, value in environment.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout


def built(command, **environment):
    code, said = ran(command, **environment)
    assert code == 0, said


def over_the_shapes(backend, *counts, before=(), **environment):
    """Run a backend over the edge shapes; skip where the instruction set is not to be had."""
    code, said = ran([*before, sys.executable, SHAPES, backend, *counts], **environment)
    if "cannot be used here" in said:
        pytest.skip(said.splitlines()[-1])
    return code, said


def through_the_suite(backend, **environment):
    """Run the conformance suite on a backend."""
    suite = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "quantforge_conformance"]
    return ran([sys.executable, *suite, "--backend", backend], **environment)


def tool(name):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"needs {name} (Debian, Ubuntu: apt install {name})")
    return path


# --- C under the sanitizers ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def sanitized():
    """What a process needs in its environment to run code that gcc has instrumented."""
    _, library = ran([tool("gcc"), "-print-file-name=libasan.so"])
    if not Path(library.strip()).is_absolute():
        pytest.skip("gcc has no AddressSanitizer")
    return {
        "LD_PRELOAD": library.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python keeps what it has to the end
        "PYTHONMALLOC": "malloc",
    }


@pytest.fixture(scope="module")
def instrumented(sanitized, tmp_path_factory):
    """The C backend in a folder of its own, instrumented."""
    folder = tmp_path_factory.mktemp("sanitized") / "c"
    shutil.copytree(ROOT / "backends" / "c", folder, ignore=shutil.ignore_patterns("build", "*.so"))
    flags = {"CC": "gcc", "CFLAGS": " ".join(SANITIZERS)}
    setup = f"import os, runpy; os.chdir({str(folder)!r}); runpy.run_path('setup.py')"
    built([sys.executable, "-c", setup, "-q", "build_ext", "--inplace"], **flags)
    code = next((folder / "quantforge_c").glob("_native*.so")).read_bytes()
    assert b"__asan_report_load8" in code
    assert b"__ubsan_handle" in code
    return {**sanitized, "PYTHONPATH": folder}


@pytest.mark.parametrize("isa", ISAS)
def test_the_sanitizers_find_nothing_in_c(instrumented, isa):
    code, said = over_the_shapes("c", QUANTFORGE_ISA=isa, **instrumented)
    assert code == 0, said


def test_the_conformance_suite_passes_under_the_sanitizers(instrumented):
    code, said = through_the_suite("c", **instrumented)
    assert code == 0, said


# --- C under valgrind ---------------------------------------------------------------------------


def under_valgrind(backend, *counts, report, **environment):
    """Run a backend over the shapes on AVX2; return what valgrind says of kernels and of NumPy.

    What it says of Python itself and of the C library is left out, for that code is somebody
    else's, and so are leaks: NumPy keeps what it has made to the end.
    """
    before = [tool("valgrind"), "-q", "--xml=yes", f"--xml-file={report}"]
    environment |= {"PYTHONMALLOC": "malloc", "QUANTFORGE_ISA": "avx2"}
    code, said = over_the_shapes(backend, *counts, before=before, **environment)
    assert code == 0, said
    errors = ElementTree.parse(report).iter("error")
    found = [(error.findtext("kind", ""), place_of(error)) for error in errors]
    return [
        f"{kind} in {place.findtext('fn')}"
        for kind, place in found
        if not kind.startswith("Leak_")
        and re.search(r"/site-packages/|/compiled\.so$", place.findtext("obj", ""))
    ]


def place_of(error):
    """Return the innermost frame that is not valgrind's own memcpy or the like."""
    frames = error.findall("stack[1]/frame")
    return next(one for one in frames if "vgpreload" not in one.findtext("obj", ""))


def test_valgrind_finds_nothing_in_c_on_avx2(tmp_path):
    assert under_valgrind("c", report=tmp_path / "report.xml") == []


# --- Rust with its assertions -------------------------------------------------------------------


@pytest.fixture(scope="module")
def asserting(tmp_path_factory):
    """The Rust backend in a folder of its own, with debug assertions and checks of overflow."""
    folder, target = tmp_path_factory.mktemp("rust"), tmp_path_factory.mktemp("target")
    source = ROOT / "backends" / "rust"
    settings = tomllib.loads((source / "pyproject.toml").read_text())["tool"]["maturin"]
    checks = {
        "CARGO_TARGET_DIR": target,
        "CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS": "true",
        "CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS": "true",
        "PYO3_PYTHON": sys.executable,
    }
    cargo = [tool("cargo"), "rustc", "-q", "--release", "--manifest-path", source / "Cargo.toml"]
    built([*cargo, "--", *settings["rustc-args"]], **checks)
    shutil.copytree(source / "python", folder, dirs_exist_ok=True)
    library = target / "release" / "libquantforge_rust.so"
    assert b"unsafe precondition(s) violated" in library.read_bytes()
    shutil.copy(library, folder / "quantforge_rust" / "_native.abi3.so")
    return {"PYTHONPATH": folder}


@pytest.mark.parametrize("isa", ISAS)
def test_rusts_assertions_hold(asserting, isa):
    code, said = over_the_shapes("rust", QUANTFORGE_ISA=isa, **asserting)
    assert code == 0, said


def test_the_conformance_suite_passes_with_rusts_assertions(asserting):
    code, said = through_the_suite("rust", **asserting)
    assert code == 0, said


# --- what the tools are worth -------------------------------------------------------------------


def planted(folder, *flags):
    """Install the saboteurs, compiled with these flags; return the environment that has them."""
    built([sys.executable, SABOTEURS, folder, *flags], CC="gcc")
    paths = os.pathsep.join([str(folder), str(SABOTEURS.parent)])
    return {"PYTHONPATH": paths, "QUANTFORGE_SABOTEURS": folder / "compiled.so"}


@pytest.mark.parametrize("fault", ["reads_past_the_end", "writes_a_neighbour"])
def test_the_sanitizers_find_a_planted_fault(sanitized, fault, tmp_path):
    environment = planted(tmp_path, *SANITIZERS)
    code, said = over_the_shapes(fault, *FEW, **environment, **sanitized)
    assert code != 0
    assert "AddressSanitizer: heap-buffer-overflow" in said
    assert f"in {fault}" in said


def test_valgrind_finds_a_planted_fault(tmp_path):
    tool("valgrind")
    environment = planted(tmp_path, "-march=x86-64-v3")
    found = under_valgrind("reads_past_the_end", *FEW, report=tmp_path / "r.xml", **environment)
    assert "InvalidRead in reads_past_the_end" in found
