"""Whether installed files are those that their wheels brought: a comparison with RECORD."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path
from typing import Any, Final, NamedTuple

from quantforge import discovery
from quantforge.cli.ownership import CORE
from quantforge.errors import one_line

_HASHES: Final = ("sha256", "sha384", "sha512")  # what the specification of wheels allows
_WITHOUT_HASH: Final = ("RECORD", "RECORD.jws", "RECORD.p7s")


class Row(NamedTuple):
    """A line of RECORD: where a file is, and what it has to be."""

    file: Path
    path: str
    digest: str
    size: str


def compare() -> tuple[list[dict[str, Any]], list[str]]:
    """Compare the core and every plugin with their RECORD: a summary of each, and what is wrong."""
    summaries: list[dict[str, Any]] = []
    problems: list[str] = []
    for name, distribution in _installed().items():
        try:
            summary, found = _judged(distribution)
        except Exception as error:  # its metadata are damaged: no text, no JSON, no table
            summary = {"distribution": name, "version": "", "state": "unreadable", "place": ""}
            found = [f"{name}: its metadata cannot be read: {one_line(error)}"]
        summaries.append(summary)
        problems += found
    if all(each["distribution"] != CORE for each in summaries):
        problems.append(f"{CORE} is not installed, there is no RECORD to compare quantforge with")
    return summaries, problems


def _installed() -> dict[str, metadata.Distribution]:
    """The distributions of the core and of the plugins, by name; each name's first on the path."""
    found = {}
    with suppress(metadata.PackageNotFoundError):
        found[CORE] = metadata.distribution(CORE)
    for point in discovery.entry_points()[0]:
        if point.dist:
            found.setdefault(point.dist.name, point.dist)
    return found


def _judged(distribution: metadata.Distribution) -> tuple[dict[str, Any], list[str]]:
    """How a distribution is installed, and what is wrong with its files."""
    name, version = distribution.name, distribution.version
    place = str(distribution.locate_file(""))
    summary = {"distribution": name, "version": version, "state": "editable", "place": place}
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return {**summary, "place": origin["url"]}, []
    if distribution.read_text("SOURCES.txt"):  # an egg-info beside its sources
        return summary, []
    record = distribution.read_text("RECORD")
    if record is None:
        lack = f"{name} {version} in {place} has no RECORD, its files cannot be compared"
        return {**summary, "state": "without RECORD"}, [lack]
    rows = _rows(distribution, record)
    found = [*_differences(rows), *_strangers(rows)]
    compared = {**summary, "files": len(rows)}
    if not found:
        return {**compared, "state": "intact"}, []
    cure = f"pip install --force-reinstall --no-deps {name}=={version}"
    is_not = f"{name} {version} in {place} is not as its wheel brought it: {cure}"
    return {**compared, "state": "damaged"}, [is_not, *(f"{name}: {each}" for each in found)]


def _rows(distribution: metadata.Distribution, record: str) -> list[Row]:
    """The files that RECORD names. `Distribution.files` leaves out those that are gone."""
    rows = []
    for line, cells in enumerate(csv.reader(record.splitlines()), start=1):
        if len(cells) != 3:
            raise ValueError(f"line {line} of RECORD is not a path, a hash and a size")
        rows.append(Row(Path(str(distribution.locate_file(cells[0]))), *cells))
    return rows


def _differences(rows: list[Row]) -> Iterator[str]:
    """Yield what is not as RECORD says, file by file."""
    for file, path, digest, size in rows:
        kind, _, wanted = digest.partition("=")
        if not digest and (file.name in _WITHOUT_HASH or file.suffix == ".pyc"):
            continue  # bytecode is compiled by whoever installs
        try:
            with file.open("rb") as content:
                if kind not in _HASHES:
                    yield f"{path} has {f'a hash of kind {kind}' if kind else 'no hash'} in RECORD"
                    continue
                found = hashlib.file_digest(content, kind).digest()
                length = content.tell()
        except FileNotFoundError:
            yield f"{path} is missing"
        except OSError as error:
            yield f"{path} cannot be read: {one_line(error)}"
        else:
            if size and size != str(length):
                yield f"{path} has {length} bytes where RECORD says {size}"
            elif base64.urlsafe_b64encode(found).decode().rstrip("=") != wanted:
                yield f"{path} has other content than RECORD says"


def _strangers(rows: list[Row]) -> Iterator[str]:
    """Yield the files in packages that RECORD does not name, and packages hidden by others."""
    known = {row.file for row in rows}
    packages = {row.file.parent: row.path for row in rows if row.file.name == "__init__.py"}
    for folder, path in packages.items():
        if folder.parent in packages:
            continue
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder.parent)
            if not (file.is_dir() or file in known or "__pycache__" in inside.parts):
                yield f"{inside} is not in RECORD"
        name = path.removesuffix("/__init__.py").replace("/", ".")
        found = util.find_spec(name)
        used = Path(found.origin).parent if found and found.origin else None
        if used and used.resolve() != folder.resolve():
            yield f"the package {name} is imported from {used}"
