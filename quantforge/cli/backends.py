"""``quantforge backends``: what is installed, and in which state."""

from __future__ import annotations

import argparse
from typing import Any

import quantforge
from quantforge.cli import untuned
from quantforge.cli.failures import NOTHING_USABLE
from quantforge.cli.terminal import Table, console, print_json, say, table


def add_parser(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "backends",
        help="list backends with their state",
        description="List every installed backend with its state, and why if it is not available. "
        "Loads none of them.",
    )
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    found = [describe(info) for info in quantforge.backends()]
    if arguments.json:
        print_json(found)
    else:
        console().show(overview(found))
        if line := untuned.notice():
            say(line)
    return 0 if any(each["state"] == "available" for each in found) else NOTHING_USABLE


def describe(info: quantforge.BackendInfo) -> dict[str, Any]:
    """A backend as plain data; docs/cli.md explains the keys."""
    return {
        "name": info.name,
        "version": info.version,
        "state": str(info.state),
        "reason": info.reason,
        "exact": info.exact,
        "operations": list(info.operations),
        "device": info.device,
        "url": info.url,
        "details": dict(info.details),
    }


def overview(found: list[dict[str, Any]]) -> Table:
    """The backends as a table."""
    rows = [
        (
            each["name"],
            each["version"],
            each["state"],
            "yes" if each["exact"] else "no",
            ", ".join(each["operations"]),
            each["reason"] or _facts(each),
        )
        for each in found
    ]
    headings = ("backend", "version", "state", "exact", "operations", "")
    return table(headings, rows, left=headings)


def _facts(each: dict[str, Any]) -> str:
    """What is to be said of a usable backend: where it computes and is at home, and its details."""
    device = {} if each["device"] == "cpu" else {"on": each["device"]}
    told = [f"{key} {value}" for key, value in {**device, **each["details"]}.items()]
    return ", ".join([*told, *filter(None, [each["url"]])])
