"""Whether a wheel is fit to be published."""

import io
import os
import re
import subprocess
import sys
import zipfile
from email.parser import BytesParser

from release import DISTRIBUTIONS, PLATFORM, versions

PURE, NATIVE = "py3-none-any", "cp311-abi3-"


def faults(folder):
    """What is wrong with the distributions in a folder, a line each."""
    wheels, sources = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    found = [
        f"{folder} has no {kind} of {name}"
        for kind, files in (("wheel", wheels), ("source distribution", sources))
        for name in DISTRIBUTIONS
        if not any(file.name.startswith(name.replace("-", "_") + "-") for file in files)
    ]
    for wheel in wheels:
        found += [f"{wheel.name}: {fault}" for fault in [*contents(wheel), *published(wheel)]]
    return found + examined(*wheels, *sources)


def sizes(folder):
    """Name, size and unpacked size of each file in a folder."""
    for file in sorted(folder.glob("quantforge_*")):
        unpacked = ""
        if file.suffix == ".whl":
            with zipfile.ZipFile(file) as opened:
                unpacked = f"{sum(each.file_size for each in opened.infolist()):,}"
        yield file.name, f"{file.stat().st_size:,}", unpacked


def contents(wheel):
    """Yield what a wheel of ours lacks, whoever built it."""
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        info = next(name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = BytesParser().parsebytes(opened.read(info))
    for package in {name.partition("/")[0] for name in names if name.endswith("/__init__.py")}:
        if f"{package}/py.typed" not in names:
            yield f"the package {package} has no py.typed"
    licences = metadata.get_all("License-File", [])
    folder = info.removesuffix("METADATA") + "licenses/"
    if "LICENSE" not in licences or folder + "LICENSE" not in names:
        yield "it has no LICENSE"
    if metadata["License-Expression"] != "MIT":
        yield f"its licence is {metadata['License-Expression']}"
    if metadata["Version"] != versions.current():
        yield f"its version is {metadata['Version']}, that of the sources {versions.current()}"
    urls = dict(each.split(", ", 1) for each in metadata.get_all("Project-URL", []))
    lacking = [name for name in ("Homepage", "Changelog") if name not in urls]
    yield from (f"it has no URL of its {name}" for name in lacking)
    home, here = urls.get("Homepage"), repository()
    if here and home != here:
        yield f"its homepage is {home}, but this is built for {here}"
    tag = wheel.stem.split("-", 2)[2]
    native = any(name.endswith(".so") for name in names)
    if not tag.startswith(NATIVE if native else PURE):
        yield f"its tag is {tag}"


def repository():
    """The address of the project on the forge whose runner this is, "" elsewhere."""
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    return f"{server}/{name}" if server and name else ""


def published(wheel):
    """Yield what is wrong with the libraries of a wheel that others are to install."""
    from elftools.elf.elffile import ELFFile

    with zipfile.ZipFile(wheel) as opened:
        libraries = [name for name in opened.namelist() if name.endswith(".so")]
        for name in libraries:
            sections = ELFFile(io.BytesIO(opened.read(name))).iter_sections()
            left = [each.name for each in sections if re.match(r"\.symtab|\.debug", each.name)]
            if left:
                yield f"{name} is not stripped, it has {', '.join(left)}"
    if not libraries:
        return
    code, said = tool("auditwheel", "show", wheel)
    if code or f'consistent with the following platform tag: "{PLATFORM}"' not in said:
        yield f"auditwheel does not call it {PLATFORM}: {said}"
    code, said = tool("abi3audit", "--strict", "--summary", wheel)
    if code:
        yield f"abi3audit: {said}"


def examined(*files):
    """What twine and check-wheel-contents say against some files, a line each."""
    if not files:  # or they would look for some themselves
        return []
    wheels = [file for file in files if file.suffix == ".whl"]
    commands = (("twine", "check", "--strict", *files), ("check_wheel_contents", *wheels))
    ended = [(command[0], *tool(*command)) for command in commands]
    return [f"{name}: {said}" for name, code, said in ended if code]


def tool(module, *words):
    """Run a tool; return its exit code and what it said, in one line."""
    command = [sys.executable, "-m", module, *map(str, words)]
    env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "400"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    return done.returncode, " ".join((done.stdout + done.stderr).split())
