"""Control characters from files, plugins and profiles never reach a terminal raw."""

import ast
import csv
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import quantforge.cli
from quantforge.chain import SAMPLE
from quantforge.errors import printable

pytest.importorskip("rich")

# A title for the terminal's window; the same with the 8-bit introducer; text that runs backwards;
# a carriage return, which writes over what stands there.
EVIL = "\x1b]0;owned\x07\x9b31m\u202e\x7f\rgone"
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

PLUGIN = f"""
import quantforge

EVIL = {EVIL!r}

def load():
    from quantforge.numpy_backend.price import price
    return {{"price": price}}

class Good:
    @quantforge.hookimpl
    def quantforge_backend(self):
        return quantforge.Backend(
            name="good", version="1.0" + EVIL, contract=quantforge.CONTRACT, exact=False,
            numerics={{"price": quantforge.OPERATIONS["price"].numerics}}, load=load,
            details=lambda: {{"build": "release", "note" + EVIL: EVIL}},
        )

class Bad:
    @quantforge.hookimpl
    def quantforge_backend(self):
        raise RuntimeError(EVIL)

good, bad = Good(), Bad()
"""


@pytest.fixture
def evil(tmp_path):
    """A folder with evil plugins, installed; files; and the environment that finds them."""
    plugins, about = tmp_path / "plugins", tmp_path / "plugins" / "evil-1.0.dist-info"
    about.mkdir(parents=True)
    (plugins / "evil.py").write_text(PLUGIN, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[quantforge]\ngood = evil:good\nbad = evil:bad\n")
    chain = SAMPLE.read_text(encoding="utf-8").replace("QuantForge", f"Quant{EVIL[:-5]}Forge", 1)
    (tmp_path / "chain.csv").write_bytes(chain.encode())
    with (tmp_path / "options.csv").open("w", newline="", encoding="utf-8") as file:
        names = ["spot", "strike", "time", "rate", "sigma", "kind", f"note{EVIL}"]
        csv.writer(file).writerows([names, [100, 100, 1, 0.05, 0.2, "call", EVIL]])
    environment = {
        **os.environ,
        "PYTHONPATH": str(plugins),
        "QUANTFORGE_BLOCK": "rust,c,numba",
        "QUANTFORGE_PROFILE": str(tmp_path / "profile.json"),
        "QUANTFORGE_EVIL": EVIL,
        "TERM": "xterm-256color",
    }
    return tmp_path, environment


def output_of(evil, words, **settings):
    """What a command prints on both streams, into a pipe."""
    folder, environment = evil
    return subprocess.run(
        [sys.executable, "-m", "quantforge", *words],
        cwd=folder,
        env={**environment, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    ).stdout.decode()


COMMANDS = {
    "chain": ["chain", "chain.csv", "--backend", "numpy"],
    "chain as JSON": ["chain", "chain.csv", "--json", "--backend", "numpy"],
    "price": ["price", "options.csv"],
    "price as JSON": ["price", "options.csv", "--json"],
    "backends": ["backends"],
    "backends as JSON": ["backends", "--json"],
    "doctor": ["doctor"],
    "doctor as JSON": ["doctor", "--json"],
    "explain": ["explain", "price", "10"],
    "a backend that fails": ["price", "options.csv", "--backend", "bad"],
    "a file that is not there": ["price", f"{EVIL}.csv"],
    "a word that is none": [f"dance{EVIL}"],
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_commands_escape_them(evil, words):
    out = output_of(evil, words)
    assert not RAW.search(out), ascii(out)
    assert "owned" in out  # it was there, in a form that does no harm


def test_so_does_the_traceback(evil):
    out = output_of(evil, COMMANDS["a backend that fails"], QUANTFORGE_DEBUG="1")
    assert "Traceback" in out
    assert not RAW.search(out), ascii(out)


def test_json_still_holds_what_the_file_held(evil):
    columns = json.loads(output_of(evil, [*COMMANDS["price as JSON"], "--backend", "numpy"]))
    assert columns["columns"][f"note{EVIL}"] == [EVIL]


def test_a_terminal_gets_only_the_escape_sequences_of_colours(evil):
    folder, environment = evil
    main, terminal = pty.openpty()
    words = [sys.executable, "-m", "quantforge", *COMMANDS["chain"]]
    with subprocess.Popen(
        words, cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        pieces = []
        try:
            while piece := os.read(main, 1 << 16):
                pieces.append(piece)
        except OSError:  # the other end is closed
            pass
        assert process.wait(60) == 0
    os.close(main)
    out = b"".join(pieces).decode()
    assert "\x1b[" in out
    # rich moves and hides the cursor around its spinner.
    plain = re.sub(r"\x1b\[\??[\d;]*[mKAhlG]", "", out).replace("\r", "")
    assert not RAW.search(plain), ascii(plain)
    assert "owned" in plain


def test_a_profile_cannot_smuggle_them_in(evil):
    folder, _ = evil
    tuned = output_of(evil, ["autotune", "--budget", "0.2"])
    assert not RAW.search(tuned), ascii(tuned)
    path = folder / "profile.json"
    content = json.loads(path.read_text())
    for record in content["sections"][0]["backends"].values():
        record["details"][f"note{EVIL}"] = record["left_out"] = EVIL
        record["rigor"] = EVIL
    path.write_text(json.dumps(content))
    for words in (["--show"], ["--show", "--json"], ["--check"]):
        out = output_of(evil, ["autotune", *words])
        assert not RAW.search(out), ascii(out)
    path.write_text(json.dumps({**content, "sections": [{EVIL: EVIL, "schema": EVIL}]}))
    out = output_of(evil, ["explain", "price", "10"])
    assert "not a usable profile" in out
    assert not RAW.search(out), ascii(out)


def test_warnings_escape_them_in_every_program(evil):
    folder, environment = evil
    environment["QUANTFORGE_PROFILE"] = str(folder / f"{EVIL}.json")
    (folder / f"{EVIL}.json").write_text("rubbish")
    code = "import quantforge; quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        stderr=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    assert "not a usable profile" in done.stderr.decode()
    assert not RAW.search(done.stderr.decode())


def test_commands_print_through_the_terminal_alone():
    folder = Path(quantforge.cli.__file__).parent
    printing = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }
    assert printing == {"terminal.py"}


RAISING = """
import os, sys, quantforge
from quantforge import chain
for call in (
    lambda: quantforge.price(100.0, 100.0, 1.0, 0.05, 0.2, backend="bad"),
    lambda: chain.read(os.environ["QUANTFORGE_EVIL_FILE"]),
):
    try:
        call()
    except (quantforge.QuantForgeError, ValueError) as error:
        sys.stdout.write(f"{error}\\n")
    else:
        sys.exit("nothing was raised")
"""


def test_what_is_raised_can_be_printed(evil):
    folder, environment = evil
    damaged = (folder / "chain.csv").read_bytes().replace(b"Calls", EVIL.encode(), 1)
    (folder / f"chain{EVIL[:5]}.csv").write_bytes(damaged)
    environment["QUANTFORGE_EVIL_FILE"] = str(folder / f"chain{EVIL[:5]}.csv")
    done = subprocess.run(
        [sys.executable, "-c", RAISING], env=environment, capture_output=True, check=True
    )
    said = done.stdout.decode()
    assert "owned" in said
    assert not RAW.search(said)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, ünïcödé, 日本語\n\ttwo lines", "plain, ünïcödé, 日本語\n\ttwo lines"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b\x7f\r\0", "\\x9b\\x7f\\r\\x00"),
        ("\u202e\u2028", "\\u202e\\u2028"),
    ],
)
def test_they_are_written_as_python_writes_them(text, expected):
    assert printable(text) == expected
