"""``quantforge new-backend`` and ``new-operation``: a package of one's own to begin with."""

from __future__ import annotations

import argparse
import keyword
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from quantforge.cli.failures import Failure
from quantforge.cli.terminal import say
from quantforge.operations import OPERATIONS, functions

__all__ = ["COMMANDS"]

_TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_LANGUAGES: Final = {
    "python": ("Python", "package", "pure", "backend", "python"),
    "c": ("C", "package", "backend", "compiled", "c"),
    "rust": ("Rust", "package", "backend", "rust"),
    "cpp": ("C++", "package", "backend", "compiled", "cpp"),
}
"""What each is called, and the folders of `templates` whose files make a backend in it."""
_OPERATION: Final = ("Python", "package", "pure", "operation")
"""The same for an operation."""
_OURS: Final = ("auto", "conformance", "core", "numpy")
"""Names that are taken wherever QuantForge is installed, or by its own distributions."""
_PLACEHOLDER: Final = re.compile(r"(?<![A-Z])(NAME|AUTHOR|YEAR|URL|LANGUAGE|OPERATIONS)(?![A-Z])")
_WITHOUT_URL: Final = re.compile(r'^.*"URL".*\n', re.MULTILINE)
_ON_ITS_FORGE: Final = "../.."
"""From a README that a forge shows to the repository."""


@dataclass(frozen=True)
class _New:
    """A command that writes a package."""

    name: str
    makes: str
    example: str

    def add_parser(self, subparsers: Any) -> None:
        """Add the command to the parser."""
        parser = subparsers.add_parser(
            self.name,
            help=f"write a package with {self.makes} of your own",
            description=f"Write a small package with {self.makes} of your own, complete, to begin "
            "with: it can be installed, and passes its tests and the conformance suite. Print "
            "what was written and the commands that come next.",
            epilog=f"example: {self.example}",
        )
        parser.add_argument(
            "name",
            metavar="NAME",
            help="what users will call it; the distribution will be quantforge-NAME",
        )
        if self.name == "new-backend":
            parser.add_argument(
                "--language",
                choices=tuple(_LANGUAGES),
                required=True,
                help="what its kernels are written in",
            )
        parser.add_argument(
            "--folder",
            type=Path,
            metavar="FOLDER",
            help="where to write it, a new or empty folder (default: quantforge-NAME)",
        )
        parser.add_argument(
            "--author", metavar="WORDS", help="for the licence (default: quantforge-NAME authors)"
        )
        parser.add_argument(
            "--url", metavar="URL", help="its home, as https://github.com/me/quantforge-NAME"
        )
        parser.set_defaults(run=self.run)

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command."""
        name, is_operation = arguments.name, self.name == "new-operation"
        _check_name(name, is_operation)
        language, *layers = _OPERATION if is_operation else _LANGUAGES[arguments.language]
        values = {
            "NAME": name,
            "AUTHOR": _on_a_line(arguments.author or f"quantforge-{name} authors", "--author"),
            "YEAR": str(date.today().year),
            "URL": _home(arguments.url),
            "LANGUAGE": language,
            "OPERATIONS": _table(),
        }
        folder = arguments.folder or Path(f"quantforge-{name}")
        files = {
            _filled(place, values): _filled(text, values) for place, text in _templates(layers)
        }
        _write(folder, files)
        say("\n".join([f"wrote {folder}", *(f"  {place}" for place in sorted(files))]))
        say(f"next:\n  cd {folder}\n  pip install '.[test]'\n  pytest")
        return 0


COMMANDS: Final = {
    command.name: command
    for command in (
        _New("new-backend", "a backend", "quantforge new-backend mine --language c"),
        _New("new-operation", "an operation", "quantforge new-operation straddle"),
    )
}


def _check_name(name: str, is_operation: bool) -> None:
    """Refuse what could not be a name here or would be somebody else's already."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise Failure(
            f"NAME {name!r} is to be of small letters, digits and single underscores, to begin "
            "with a letter and to be no keyword of Python, as in my_backend"
        )
    if name in _OURS:
        raise Failure(f"NAME {name!r} is QuantForge's own; choose another one")
    from quantforge.testing import plugins

    if name in plugins():
        raise Failure(
            f"NAME {name!r} is that of an installed backend, {plugins()[name]}, and neither of two "
            "is used; choose another one, or uninstall it first"
        )
    if is_operation:
        _check_operation(name)


def _check_operation(name: str) -> None:
    import quantforge
    from quantforge.cli import COMMANDS as commands

    quantforge.backends()  # whoever brings them may also have declared operations
    if name in {*OPERATIONS, *functions(), *commands}:
        raise Failure(
            f"NAME {name!r} is that of an operation, a function or a command already; "
            "choose another one"
        )


def _on_a_line(words: str, option: str) -> str:
    """Refuse what could not stand between quotation marks."""
    if not words.isprintable() or not words.strip() or set(words) & {*'"\\'}:
        raise Failure(f"{option} {words!r} is to be a line without quotation marks and backslashes")
    return words


def _home(url: str | None) -> str:
    if url is None:
        return ""
    if not re.fullmatch(r"https?://[^\s\"'\\()<>]+", url):
        raise Failure(f"--url {url!r} is to be an address, as https://github.com/me/my-repository")
    return url.rstrip("/")


def _table() -> str:
    """The rows of a README's table that say of each operation whether it is there: price alone."""
    return "\n".join(
        f"| `{each.name}` | {each.summary} | {'yes' if each.name == 'price' else 'no'} |"
        for each in OPERATIONS.values()
        if each.vectors == "quantforge"  # not those of other packages
    )


def _templates(layers: list[str]) -> Iterator[tuple[str, str]]:
    """The files of some folders of templates, by their place below these."""
    for layer in layers:
        root = _TEMPLATES / layer
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:  # installing compiles modules
                yield path.relative_to(root).as_posix(), path.read_text("utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    """A template with values for its placeholders; a setting without a value is left out."""
    if not values["URL"]:
        text = _WITHOUT_URL.sub("", text)
    return _PLACEHOLDER.sub(lambda found: values[found[0]] or _ON_ITS_FORGE, text)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write all the files or none of them, and never over others."""
    folder = folder.expanduser().resolve()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is no folder"
        raise Failure(f"{folder} {what}; --folder names another one")
    if not folder.parent.is_dir():
        raise Failure(f"{folder.parent} is no folder; --folder names another one")
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
            made = Path(scratch) / folder.name
            for place, text in files.items():
                file = made / place
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
            os.replace(made, folder)  # an empty folder gives way
    except OSError as error:  # whose own words would name the folder that is already gone
        raise Failure(f"{folder} cannot be written: {error.strerror}") from error
