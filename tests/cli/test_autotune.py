"""``quantforge autotune``: what it prints, writes and ends with."""

import json
import os
import subprocess
import sys

import pytest

import quantforge


@pytest.fixture
def autotune(run):
    """A function running ``quantforge autotune`` with the given words."""
    return lambda *words: run("autotune", *words)


def test_tuning_prints_its_choices_and_remembers_them(flipping, autotune):
    pytest.importorskip("rich")
    ended = autotune()
    assert (ended.code, ended.err) == (0, "")
    assert "price: early from 1, late from 8" in ended.out  # 800, give or take
    # 10 options: 11 µs instead of 50.5 µs.
    assert [line.split() for line in ended.out.splitlines() if "µs" in line or "ms" in line][1] == [
        "10", "early", "1", "11", "µs", "1,100.00", "4.6×", "late",
    ]  # fmt: skip
    assert str(flipping.profile) in ended.out
    flipping.restart()
    assert quantforge.explain("price", 10_000).backend == "late"


def test_the_choices_as_json(flipping, autotune):
    found = json.loads(autotune("--json").out)
    rows = found["operations"]["price"]["rows"]
    assert [(row["backend"], row["threads"]) for row in rows] == [("early", 1), ("late", 1)]
    assert found["profile"] == str(flipping.profile)
    assert found["machine"]["threads"] == 1
    batches = {batch["n"]: batch for batch in found["operations"]["price"]["batches"]}
    assert batches[10_000]["ns_per_option"] == pytest.approx(55.0)
    assert batches[10_000]["gain"] == pytest.approx(1010 / 550)
    assert batches[10_000]["slowest_backend"] == "early"
    assert json.loads(autotune("--show", "--json").out) == found


def test_show_prints_what_is_decided_without_measuring(flipping, autotune):
    pytest.importorskip("rich")
    table = autotune().out
    before = flipping.clock.now
    ended = autotune("--show")
    assert ended.code == 0
    assert ended.out.strip() in table
    assert flipping.clock.now == before


def test_check_ends_with_1_until_every_usable_backend_is_measured_as_it_is(flipping, autotune):
    assert autotune("--check").code == 1
    autotune("--json")
    assert autotune("--check") == (0, f"{flipping.profile}: valid\n", "")
    flipping.install(flipping.speed("early"), flipping.speed("late", version="2.0"))
    ended = autotune("--check")
    assert ended.code == 1
    assert "price on late: measured as version 1.0, now it is 2.0" in ended.out
    flipping.install(flipping.speed("early"))
    assert autotune("--check").code == 0
    flipping.threads(4)
    assert autotune("--check").code == 1


def test_check_wants_every_operation_that_a_usable_backend_implements(flipping, autotune):
    autotune("--json")
    more = {"price": 1.0, "greeks": 2.0}
    flipping.install(flipping.speed("early"), flipping.speed("late", slower=more))
    ended = autotune("--check")
    assert (ended.code, ended.out.count("not measured")) == (1, 1)
    assert "greeks on late: not measured" in ended.out
    autotune("--json")
    assert autotune("--check").code == 0


def test_after_tuning_there_is_one_table_and_a_line_for_each_other_operation(machine, autotune):
    pytest.importorskip("rich")
    machine.install(machine.speed("one", slower={"price": 1.0, "greeks": 2.0}))
    tuned, shown = autotune().out, autotune("--show").out
    assert [text.count("per call") for text in (tuned, shown)] == [1, 2]
    # 2 (10 µs + 100 ns 10,000) / 10,000 = 202 ns
    assert "  greeks: one from 1; 202.0 ns each of 10,000\n" in tuned
    assert "greeks: one from 1\n" in shown


def test_check_is_content_with_backends_that_cannot_be_measured(flipping, autotune):
    flipping.install(
        flipping.speed("good"),
        flipping.speed("slow", build="debug"),
        flipping.speed("bad", broken="no such library"),
    )
    autotune("--json")
    flipping.install(
        flipping.speed("good"),
        flipping.speed("slow", build="debug"),
        flipping.speed("bad", broken="no such library"),
    )
    assert autotune("--check").code == 0
    flipping.install(flipping.speed("good"), flipping.speed("slow", version="1.1"))
    assert autotune("--check").code == 1


def test_check_as_json(flipping, autotune):
    found = json.loads(autotune("--check", "--json").out)
    assert found["valid"] is False
    assert found["gaps"][0] == {
        "backend": "early", "operation": "price", "reason": "not measured",
    }  # fmt: skip


def test_a_damaged_profile_fails_the_check(flipping, autotune):
    autotune("--json")
    flipping.profile.write_text("rubbish")
    flipping.restart()
    ended = autotune("--check")
    assert ended.code == 1
    assert str(flipping.profile) in ended.err


def test_where_nothing_can_be_written_the_choices_are_printed_and_the_exit_code_is_1(
    flipping, autotune, monkeypatch, tmp_path
):
    (tmp_path / "file").write_text("")
    unwritable = tmp_path / "file" / "profile.json"  # also root cannot write below a file
    monkeypatch.setenv("QUANTFORGE_PROFILE", str(unwritable))
    ended = autotune("--json")
    assert ended.code == 1
    assert len(json.loads(ended.out)["operations"]["price"]["rows"]) == 2
    (line,) = ended.err.splitlines()
    assert str(unwritable) in line
    assert "cannot be written" in line


def test_a_noisy_machine_is_called_noisy(flipping, autotune, monkeypatch):
    move = type(flipping.clock).move
    monkeypatch.setattr(flipping.clock, "move", lambda s: move(flipping.clock, s, busy=s / 2))
    ended = autotune("--json")
    assert ended.code == 0
    assert "NOISY" in ended.err
    assert json.loads(ended.out)["backends"]["early"]["noisy"] is True


def test_an_undisturbed_machine_is_not(flipping, autotune):
    ended = autotune("--json")
    assert ended.err == ""
    assert json.loads(ended.out)["backends"]["early"]["noisy"] is False


def test_a_debug_build_is_named_with_the_reason(flipping, autotune):
    pytest.importorskip("rich")
    flipping.install(flipping.speed("good"), flipping.speed("slow", build="debug"))
    assert "left out: a debug build" in autotune().out


def test_nothing_to_measure_ends_with_1(machine, autotune):
    machine.install(machine.speed("bad", broken="no such library"))
    ended = autotune("--json")
    assert ended.code == 1
    assert "no such library" in ended.err


def test_export_and_import_carry_a_profile_over(flipping, autotune, tmp_path):
    autotune("--json")
    rows = flipping.rows()
    copy = tmp_path / "copy.json"
    assert autotune("--export", copy).code == 0
    assert autotune("--forget").code == 0
    assert not flipping.profile.exists()
    assert autotune("--check").code == 1
    ended = autotune("--import", copy)
    assert ended.code == 0
    assert "covers this machine" in ended.out
    assert flipping.rows() == rows
    assert autotune("--check").code == 0


def test_a_profile_of_another_machine_is_imported_and_said_to_be_so(flipping, autotune, tmp_path):
    autotune("--json")
    content = json.loads(flipping.profile.read_text())
    content["sections"][0]["cpu"] = "another"
    (tmp_path / "copy.json").write_text(json.dumps(content))
    ended = autotune("--import", tmp_path / "copy.json")
    assert ended.code == 0
    assert "does not cover this machine" in ended.out
    assert autotune("--check").code == 0  # ours is still there


@pytest.mark.parametrize("content", [b"rubbish", b"{}", b"", b"\xff"])
def test_rubbish_is_not_imported(flipping, autotune, tmp_path, content):
    autotune("--json")
    before = flipping.profile.read_bytes()
    rubbish = tmp_path / "rubbish.json"
    rubbish.write_bytes(content)
    ended = autotune("--import", rubbish)
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert str(rubbish) in line
    assert flipping.profile.read_bytes() == before


def test_a_missing_file_is_not_imported(flipping, autotune, tmp_path):
    ended = autotune("--import", tmp_path / "none.json")
    assert ended.code == 2
    assert "none.json" in ended.err


@pytest.mark.parametrize("action", ["--show", "--report", "--export"])
def test_without_a_profile_there_is_nothing_to_show(flipping, autotune, tmp_path, action):
    words = [action] if action == "--show" else [action, tmp_path / "file.png"]
    ended = autotune(*words)
    assert ended.code == 1
    assert str(flipping.profile) in ended.err
    assert not (tmp_path / "file.png").exists()


def test_forgetting_nothing_is_no_failure(flipping, autotune):
    assert autotune("--forget").code == 0


@pytest.mark.parametrize(
    "words", [["--rigor", "sloppy"], ["--budget", "0"], ["--budget", "x"], ["--show", "--check"]]
)
def test_wrong_words_end_with_2(flipping, autotune, words):
    ended = autotune(*words)
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1


def test_the_report_is_a_picture_with_a_panel_per_operation(flipping, autotune, tmp_path):
    pytest.importorskip("matplotlib")
    from matplotlib import image

    flipping.threads(2)
    autotune("--json")
    ended = autotune("--report", tmp_path / "report.png")
    assert ended.code == 0
    pixels = image.imread(tmp_path / "report.png")
    assert pixels.shape[0] > 800
    assert pixels.shape[1] > 1400
    assert 0.01 < (pixels[:, :, :3].min(axis=2) < 0.9).mean() < 0.5  # neither empty nor full


def test_a_report_of_unknown_format_leaves_nothing(flipping, autotune, tmp_path):
    pytest.importorskip("matplotlib")
    autotune("--json")
    assert autotune("--report", tmp_path / "report.song").code == 2
    assert not list(tmp_path.glob("*report*"))


def test_two_processes_that_tune_at_once_take_turns_and_leave_a_valid_profile(tmp_path):
    settings = {
        **os.environ,
        "QUANTFORGE_PROFILE": str(tmp_path / "profile.json"),
        "QUANTFORGE_BLOCK": "rust,c,numba",
    }
    command = [sys.executable, "-m", "quantforge.autotune"]
    tuning = [
        subprocess.Popen(
            [*command, "--budget", "3", "--json"],
            env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    ended = [(*process.communicate(timeout=120), process.returncode) for process in tuning]
    assert [code for _, _, code in ended] == [0, 0]
    for out, _, _ in ended:
        assert json.loads(out)["operations"]["price"]["rows"][0]["backend"] == "numpy"
    assert "waiting" in ended[0][1] + ended[1][1]
    checked = subprocess.run([*command, "--check"], env=settings, check=False, timeout=60)
    assert checked.returncode == 0


def test_less_care_measures_nothing_where_more_was_taken_unless_forced_to(flipping, autotune):
    autotune("--json", "--rigor", "measure")
    before = flipping.profile.read_bytes(), flipping.clock.now
    ended = autotune("--json")
    assert ended.code == 0
    assert "--force" in ended.err
    assert len(json.loads(ended.out)["operations"]["price"]["rows"]) == 2
    assert (flipping.profile.read_bytes(), flipping.clock.now) == before
    ended = autotune("--json", "--force")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["backends"]["early"]["rigor"] == "quick"


def test_what_was_measured_with_more_care_survives_where_only_a_part_is_missing(flipping, autotune):
    autotune("--json", "--rigor", "measure")
    late = flipping.speed("late", fixed=50e-6, each=50e-9, version="2.0")
    flipping.install(flipping.speed("early"), late)
    found = json.loads(autotune("--json").out)
    points = {one["backend"]: len(one["sizes"]) for one in found["operations"]["price"]["curves"]}
    assert points["early"] > 1.4 * points["late"]
    assert found["backends"]["late"]["version"] == "2.0"


def test_one_operation_can_be_measured_alone(machine, autotune):
    machine.install(machine.speed("one", slower={"price": 1.0, "greeks": 2.0}))
    found = json.loads(autotune("--json", "--operation", "greeks").out)
    assert set(found["operations"]) == {"greeks"}
    before = found["operations"]["greeks"]["curves"]
    words = "--json", "--operation", "price", "--rigor", "measure"
    found = json.loads(autotune(*words).out)
    assert set(found["operations"]) == {"price", "greeks"}
    assert found["operations"]["greeks"]["curves"] == before
    now = machine.clock.now
    ended = autotune("--json", "--operation", "price")
    assert "measured with more care than quick already" in ended.err
    assert machine.clock.now == now
    assert autotune("--check").code == 0
    ended = autotune("--operation", "prize")
    assert ended.code == 2
    assert "unknown operation 'prize'; valid: price, greeks" in ended.err


def test_what_was_not_measured_is_not_estimated(machine, autotune):
    """With so little time only small batches are; what they take says nothing of large ones."""
    machine.threads(2)
    machine.install(machine.speed("one", fixed=100e-6, each=10e-9))
    found = json.loads(autotune("--json", "--budget", "0.1").out)
    batches = {each["n"]: each for each in found["operations"]["price"]["batches"]}
    assert batches[100]["ns_per_option"] == pytest.approx(1010.0)
    for missing in ("ns_per_option", "gain", "slowest_backend"):
        assert batches[1_000_000][missing] is None
    largest = max(max(curve["sizes"]) for curve in found["operations"]["price"]["curves"])
    why = f"at most {largest:,} options were measured: it was in force before"
    assert batches[1_000_000]["reason"] == why
    decision = quantforge.explain("price", 1_000_000)
    assert decision.reason == why
    assert decision.candidates["one"].startswith("not measured with so many options; not exact")
    pytest.importorskip("rich")
    shown = [line.split() for line in autotune("--show").out.splitlines() if "1,000,000" in line]
    assert shown == [["1,000,000", "one", "2", "not", "measured"]]


def test_threads_that_other_load_kept_from_being_judged_stay_as_shipped(
    flipping, autotune, monkeypatch
):
    """While somebody else has the other processor, two threads take longer than one."""
    flipping.threads(2)
    split = flipping._split

    def waiting(kernel, operands, shape, outs, types, n):
        if n > 1:
            flipping.clock.move(shape[0] * 100e-9)
            flipping.clock.seconds_waited += 1.0
        return split(kernel, operands, shape, outs, types, n)

    monkeypatch.setattr("quantforge.evaluation.split", waiting)
    ended = autotune("--json")
    assert "NOISY" in ended.err
    rows = json.loads(ended.out)["operations"]["price"]["rows"]
    assert [(row["backend"], row["threads"]) for row in rows] == [
        ("early", 1),
        ("late", 1),
        ("late", 2),
    ]
    assert rows[-1]["from_n"] == 65_536


def test_an_interrupted_tuning_keeps_each_finished_operation(machine, autotune, monkeypatch):
    slower = {"price": 1.0, "greeks": 2.0}
    one = machine.speed("one", slower=slower)
    machine.install(one)
    run = type(one).run

    def interrupted(self, factor, *operands, **named):
        if factor == 2.0 and machine.profile.exists():
            raise KeyboardInterrupt
        return run(self, factor, *operands, **named)

    monkeypatch.setattr(type(one), "run", interrupted)
    assert autotune("--json").code == 130
    machine.restart()
    assert quantforge.explain("price").profile == str(machine.profile)
    assert quantforge.explain("greeks").profile == "shipped defaults"


def test_verify_prints_what_auto_loses_and_changes_nothing(flipping, autotune):
    pytest.importorskip("rich")
    assert autotune("--verify").code == 1  # no profile, nothing to verify
    flipping.tune()
    before = flipping.profile.read_bytes()
    ended = autotune("--verify", "--budget", "1")
    assert (ended.code, ended.err) == (0, "")
    assert "price" in ended.out
    found = json.loads(autotune("--verify", "--json").out)["price"]
    assert found["regret"] < 0.01 < found["shipped_regret"]
    assert set(found["batches"][0]) == {
        "n", "backend", "threads", "best", "regret", "shipped_regret", "noisy",
    }  # fmt: skip
    assert flipping.profile.read_bytes() == before


def test_verify_says_which_batches_other_load_disturbed(flipping, autotune, monkeypatch):
    flipping.tune()
    move = type(flipping.clock).move
    monkeypatch.setattr(flipping.clock, "move", lambda s: move(flipping.clock, s, busy=s / 2))
    ended = autotune("--verify", "--json")
    assert all(one["noisy"] for one in json.loads(ended.out)["price"]["batches"])
    assert "disturbed 7 of 7 batch sizes" in ended.err


@pytest.fixture
def page(flipping, autotune, tmp_path):
    """The report of a tuning as HTML, and what a parser finds in it."""
    from html.parser import HTMLParser

    class Found(HTMLParser):
        def __init__(self):
            super().__init__()
            self.tags, self.text, self.open = [], "", []

        def handle_starttag(self, tag, attributes):
            self.tags.append((tag, dict(attributes)))
            if tag not in {"meta", "path", "rect", "circle", "polyline"}:
                self.open.append(tag)

        def handle_endtag(self, tag):
            if tag not in {"path", "rect", "circle", "polyline"}:
                assert self.open.pop() == tag

        def handle_data(self, data):
            self.text += data

    def report():
        file = tmp_path / "report.html"
        assert autotune("--report", file).code == 0
        found = Found()
        found.feed(file.read_text(encoding="utf-8"))
        assert found.open == []
        return found

    return report


def test_the_page_has_curves_bands_crossings_ties_and_the_reasons(flipping, page):
    flipping.threads(2)
    flipping.tune()
    found = page()
    curves = [one for tag, one in found.tags if tag == "polyline"]
    assert len(curves) == 1 + 2 * 2  # what auto takes; two backends, each with one and two threads
    for word in (
        "early",
        "late × 2",
        "the fastest measured candidate",
        "options in a call",
        "ties",
    ):
        assert word in found.text, word
    starts = [row[0] for row in flipping.rows()[1:]]
    assert all(f"{start:,}" in found.text for start in starts)
    assert len([1 for tag, one in found.tags if one.get("class") == "cross"]) == len(starts)
    assert "tie: early, late" in found.text  # around the crossing


def test_the_page_needs_nothing_beside_itself_and_is_light_or_dark(flipping, page, tmp_path):
    flipping.tune()
    found = page()
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in found.tags}
    assert not {"src", "href"} & {name for _, one in found.tags for name in one}
    content = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "url(" not in content
    assert "@media (prefers-color-scheme: dark)" in content


def test_what_plugins_say_cannot_break_out_of_the_page(machine, page):
    machine.install(machine.speed("one", build="<script>alert('x')</script>", version='1"<b>'))
    machine.tune()
    found = page()
    assert not {"script", "b"} & {tag for tag, _ in found.tags}
    assert "<script>alert('x')</script>" in found.text
