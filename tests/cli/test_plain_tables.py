"""Without rich every command that prints a table works, in plain text; with it no number is cut."""

import sys

import pytest

OPTIONS = ("--spot", 42, "--strike", "40,45.125", "--time", 0.5, "--rate", 0.1)


@pytest.fixture
def no_rich(monkeypatch):
    """Every import of rich fails."""
    for name in [name for name in sys.modules if name.split(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    with pytest.raises(ImportError):
        import rich  # noqa: F401  # it must not be there


@pytest.mark.usefixtures("no_rich")
def test_a_table_in_plain_text_has_a_rule_and_columns_that_are_flush(run):
    ended = run("price", *OPTIONS, "--sigma", 0.2, "--kind", "call,put")
    assert (ended.code, ended.err) == (0, "")
    heading, rule, first, second, last = ended.out.splitlines()
    assert heading.split() == ["spot", "strike", "time", "rate", "sigma", "kind", "price"]
    assert set(rule) == {"-", " "}
    assert first.split()[:6] == ["42", "40", "0.5", "0.1", "0.2", "call"]
    assert float(first.split()[6]) == pytest.approx(4.76, abs=0.005)  # Hull's
    assert heading.index("strike") + len("strike") == first.index(" 40 ") + len(" 40")
    assert len(first) == len(second) == len(rule)
    assert last.startswith("2 options on ")


@pytest.mark.usefixtures("no_rich")
@pytest.mark.parametrize(
    ("words", "headings"),
    [
        (("greeks", *OPTIONS, "--sigma", 0.2), "spot strike time rate sigma price delta"),
        (("iv", *OPTIONS, "--bid", "5", "--ask", "5.2"), "iv_bid iv_mid iv_ask iv_status"),
        (("chain",), "expiry root days options priced inside"),
        (("backends",), "backend version state exact operations"),
        (("doctor",), "backend version state exact operations"),
        (("exercise_boundary", *OPTIONS[2:], "--sigma", 0.2), "strike time rate"),
        (("explain", "price", 1000), "price of 1,000 options"),
    ],
)
def test_every_command_with_a_table_works(run, words, headings):
    ended = run(*words)
    assert (ended.code, ended.err) == (0, "")
    assert any(headings in " ".join(line.split()) for line in ended.out.splitlines())


@pytest.mark.usefixtures("no_rich")
def test_tuning_prints_its_tables(flipping, run):
    ended = run("autotune")
    assert (ended.code, ended.err) == (0, "")
    assert "options  backend  threads  per call" in ended.out
    assert "options  backend  threads  per call" in run("autotune", "--show").out
    ended = run("autotune", "--verify", "--budget", "1")
    assert ended.code == 0
    assert "operation" in ended.out


@pytest.mark.usefixtures("no_rich")
def test_control_characters_of_a_file_are_escaped_and_cells_stay_on_their_line(run, tmp_path):
    path = tmp_path / "options.csv"
    note = '"\x1b[31mtwo\nlines"'
    path.write_text(f"spot,strike,time,rate,sigma,kind,note\n42,40,0.5,0.1,0.2,call,{note}\n")
    out = run("price", path).out
    assert "\x1b" not in out
    assert "\\x1b[31mtwo lines" in out


@pytest.fixture(params=["rich", "plain"])
def either(request):
    """With rich, and without it."""
    if request.param == "rich":
        pytest.importorskip("rich")
    else:
        request.getfixturevalue("no_rich")


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("columns", ["20", None])
def test_no_cell_of_a_wide_table_is_cut(run, tmp_path, monkeypatch, columns):
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    path = tmp_path / "options.csv"
    more = [f"column_{place:03}" for place in range(150)]
    cells = [f"{place}.123456789" for place in range(150)]
    path.write_text(
        f"spot,strike,time,rate,sigma,kind,{','.join(more)}\n"
        f"42,40,0.5,0.1,0.2,call,{','.join(cells)}\n"
    )
    words = run("price", path).out.split()
    assert words.count("…") == 0
    assert set(more) <= set(words)
    assert set(cells) <= set(words)
    rows = run("chain").out.split("\n")
    head = next(line for line in rows if "expiry" in line)
    assert head.split()[:6] == ["expiry", "root", "days", "options", "priced", "inside"]
