"""The edge cases of the price under Bachelier's model: the first column of the greeks'."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from quantforge_conformance.edge_cases.bachelier_greeks import bachelier_greeks
from quantforge_conformance.edge_cases.edge_case import EdgeCase


@cache
def bachelier_price() -> tuple[EdgeCase, ...]:
    """Return the edge cases of `bachelier_price`."""
    return tuple(replace(one, expected=one.expected[:1]) for one in bachelier_greeks())
