"""Source distributions, and wheels built from these in turn, so that they are known to suffice."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release import DISTRIBUTIONS, PLATFORM, ROOT

BUILD = (sys.executable, "-m", "build", "--no-isolation")
# Linked by zig against the symbols of an old C library; compiled as always, so the bits stay.
MATURIN = ("maturin", "build", "--sdist", "--release", "--zig", "--compatibility", PLATFORM)
REPAIR = (sys.executable, "-m", "auditwheel", "repair", "--strip", "--plat", PLATFORM)


def run(*command, **settings):
    """Run a command, and say nothing of it unless it fails."""
    ended = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **settings,
    )
    if ended.returncode:
        sys.exit(f"{ended.stdout}\n./dev wheels: {command[0]} failed, see above")
    return ended.stdout


def tracked(source, copy):
    """Copy the files of a distribution that git tracks: a build sees nothing that lies about."""
    others = [folder for folder in DISTRIBUTIONS.values() if source in folder.parents]
    for line in run("git", "-C", source, "ls-files", "-z", ".").split("\0"):
        file = source / line
        if not line or not file.is_file() or any(other in file.parents for other in others):
            continue
        target = copy / line
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)


def build(name, folder):
    """Build a distribution into a folder, as a source distribution and as a wheel."""
    when = run("git", "-C", ROOT, "log", "-1", "--format=%ct").strip()
    env = {**os.environ, "SOURCE_DATE_EPOCH": when}
    with tempfile.TemporaryDirectory() as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "made")
        tracked(DISTRIBUTIONS[name], source)
        if name == "quantforge-rust":
            env["CARGO_TARGET_DIR"] = str(DISTRIBUTIONS[name] / "target" / "wheels")
            run(*MATURIN, "--strip", "true", "--out", made, cwd=source, env=env)
        else:
            run(*BUILD, "--outdir", made, source, env=env)
        for wheel in made.glob("*-linux_*.whl"):
            run(*REPAIR, "--wheel-dir", made, wheel, env=env)
            wheel.unlink()
        for file in made.iterdir():
            shutil.move(file, folder / file.name)
