"""``quantforge autotune``: measure this machine (see `quantforge.tuning`)."""

from __future__ import annotations

import argparse
from typing import Any

try:
    from quantforge.tuning.command import add_parser, run
except ModuleNotFoundError:

    def add_parser(subparsers: Any) -> None:
        subparsers.add_parser("autotune", help="measure this machine").set_defaults(run=run)

    def run(arguments: argparse.Namespace) -> int:
        raise RuntimeError("autotune is not installed")


__all__ = ["add_parser", "run"]
