"""The code in the documentation runs, and gives what the comments beside it say."""

import ast
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from quantforge import CONTRACT, plugins, price

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for pattern in ("*.md", "docs/**/*.md", "*/README.md", "*/*/README.md")
    for page in sorted(ROOT.glob(pattern))
]
TEXTS = {str(page.relative_to(ROOT)): page.read_text("utf-8") for page in PAGES}
FENCE = re.compile(r"^(`{3,}|~{3,})([^\n]*)\n(.*?)^\1$", re.S | re.M)
BLOCKS = {
    name: [(word.strip(), code) for _, word, code in FENCE.findall(text)]
    for name, text in TEXTS.items()
}
LANGUAGES = {"", "dockerfile", "python", "toml"}  # what is neither run nor read needs no word
SLOW = ("quantforge autotune",)
FILES = {"options.csv": "spot,K,time,sigma,kind\n100,105,0.5,0.2,call\n100,95,0.5,0.2,put\n"}


def with_blocks(language):
    """The pages that have code in a language."""
    return [name for name, blocks in BLOCKS.items() if any(word == language for word, _ in blocks)]


@pytest.fixture
def apart(tmp_path, monkeypatch, example, catalogue):
    """A folder with the files that the pages speak of, and the packages that they invent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(example("digitals"))
    monkeypatch.setattr(plugins, "_registry", None)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for name in ("mine", "quantforge_mine"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))


def run(code, name, known):
    """Run a block statement by statement; one with `# 1.5`, or `# 1.5: …`, gives that."""
    lines = code.splitlines()
    for statement in ast.parse(code).body:
        part = ast.Module([statement], [])
        said = re.search(r"  # (-?\d+\.\d+)(?:[:;]|$)", lines[statement.end_lineno - 1])
        if said and isinstance(statement, ast.Expr):
            found = eval(compile(ast.Expression(statement.value), name, "eval"), known)
            digits = len(said[1].partition(".")[2])
            assert round(float(found), digits) == float(said[1]), ast.unparse(statement)
        else:
            exec(compile(part, name, "exec"), known)


def is_for_jax(code):
    """Whether a block imports JAX, which makes forks of this process suspect."""
    return re.search(r"^import jax$", code, re.M) is not None


def names_after(page, wanted=lambda code: not is_for_jax(code)):
    """What the code of a page has defined, run from top to bottom."""
    known = {"__name__": "page"}
    for place, (word, code) in enumerate(BLOCKS[page]):
        if word == "python" and wanted(code):
            run(code, f"{page}, block {place + 1}", known)
    return known


@pytest.mark.parametrize("page", with_blocks("python"))
def test_the_code_of_a_page_runs(page, apart):
    pytest.importorskip("pandas")
    assert names_after(page)


WITH_JAX = [name for name, blocks in BLOCKS.items() if any(is_for_jax(code) for _, code in blocks)]


@pytest.mark.parametrize("page", WITH_JAX)
def test_the_code_with_jax_runs_in_a_process_of_its_own(page):
    if importlib.util.find_spec("jax") is None:  # whoever has imported it may not fork
        pytest.skip("JAX is not installed")
    code = (
        f"import runpy; here = runpy.run_path({__file__!r}); "
        f"here['names_after']({page!r}, here['is_for_jax'])"
    )
    path = os.pathsep.join([str(ROOT / "examples/jax"), *filter(None, sys.path)])
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/backends.md"])
def test_the_backend_of_a_page_is_described_as_the_contract_wants_it(page, apart):
    names = names_after(page)
    names.setdefault("load", dict)  # the README leaves it out
    described = names["quantforge_backend"]()
    assert (described.name, described.contract) == ("mine", CONTRACT)


def test_the_operation_of_a_page_is_computed_and_keeps_the_contract_of_its_oracle(install, apart):
    names = names_after("docs/operations.md")
    operations, backend = names["quantforge_operations"], names["quantforge_backend"]
    install(
        install.point("mine", types.SimpleNamespace(quantforge_operations=operations)),
        install.point("mine_numpy", types.SimpleNamespace(quantforge_backend=backend)),
    )
    [operation], oracle = operations(), names["ORACLE"]
    assert operation.name == "mine_discount_factor"
    drawn = oracle.regions[0].sample(20)
    found = oracle.public(drawn, backend="mine_numpy")
    [bound] = oracle.bounds[operation.outputs[0].name]
    for lane, result in zip(zip(*drawn, strict=True), found, strict=True):
        [exact] = oracle.exact_values(*lane)
        assert abs(result - exact) <= bound.tolerance * bound.unit(lane, exact)
    for case in oracle.edge_cases():
        with np.errstate(all="raise" if not case.invalid else "ignore"):
            np.testing.assert_equal(oracle.public(case.operands), case.expected[0])
    with pytest.raises(FloatingPointError), np.errstate(invalid="raise"):
        oracle.public((0.05, -1.0))


def commands(page):
    """The lines of a page that run the command line."""
    found = (line for _, code in BLOCKS[page] for line in code.splitlines())
    return [line[2:] for line in found if line.startswith("$ quantforge ")]


@pytest.mark.parametrize(
    ("page", "command"),
    [
        (page, command)
        for page in BLOCKS
        for command in commands(page)
        if not command.startswith(SLOW)
    ],
)
def test_a_command_of_a_page_runs(page, command, apart, example):
    pytest.importorskip("rich")
    installed = str(example("digitals"))
    path = os.pathsep.join([installed, str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_block_says_a_language_that_is_known():
    assert {"README.md", "docs/index.md"} <= {*with_blocks("python")}
    for page, blocks in BLOCKS.items():
        assert {word for word, _ in blocks} <= LANGUAGES, page


def test_a_wrong_number_beside_the_code_is_found():
    with pytest.raises(AssertionError):
        run("1 + 1.5  # 2.6\n", "a page", {})
    run("1 + 1.5  # 2.5: the sum\n", "a page", {})


def test_the_recipe_for_straddles_finds_the_volatility_that_made_the_price():
    sigma = np.array([0.05, 0.2, 0.8])[:, None]
    option = 100.0, np.array([80.0, 100.0, 103.0, 130.0]), 0.5, 0.03
    straddle = sum(price(*option, sigma, dividend=0.01, kind=kind) for kind in ("call", "put"))
    found = names_after("docs/tools.md")["straddle_volatility"](straddle, *option, dividend=0.01)
    priced = straddle - np.abs(100.0 * np.exp(-0.005) - option[1] * np.exp(-0.015)) > 1e-6
    assert priced.sum() == 10
    np.testing.assert_allclose(found[priced], np.broadcast_to(sigma, (3, 4))[priced], rtol=1e-9)
