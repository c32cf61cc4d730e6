"""`explain`: which backend would run a batch, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from quantforge import conventions
from quantforge.capabilities import Needs, lacks, sizes, takes
from quantforge.dispatch import best_tier, budget, preview, settings
from quantforge.operations import Operation, find
from quantforge.plan import Row, Source
from quantforge.plugins import State, registry

__all__ = ["Decision", "explain"]


@dataclass(frozen=True)
class Decision:
    """What `explain` returns; its repr is the report.

    Attributes
    ----------
    operation : str
    n : int
        Batch size asked about.
    backend : str
    threads : int
    row : Row
        The line of the plan that decided.
    profile : str
        File the row comes from, or ``"shipped defaults"``.
    age : str
        How long ago it was measured, empty for the defaults.
    reason : str
    candidates : mapping of str to str
        Every installed backend with its estimated time, or why it was not considered.
    """

    operation: str
    n: int
    backend: str
    threads: int
    row: Row
    profile: str
    age: str
    reason: str
    candidates: Mapping[str, str]

    def __repr__(self) -> str:
        many = "threads" if self.threads > 1 else "thread"
        age = f", measured {self.age}" if self.age else ""
        chosen = f"{self.backend}, {self.threads} {many}" if self.backend else "no backend"
        lines = [
            f"{self.operation} of {self.n:,} options: {chosen}",
            f"  row      from {self.row.start:,} options on",
            f"  profile  {self.profile}{age}",
            f"  why      {self.reason}",
        ]
        width = max(map(len, self.candidates), default=0)
        lines += [f"  {name:<{width}}  {text}" for name, text in self.candidates.items()]
        return "\n".join(lines)


def explain(
    operation: str,
    n: int = 1,
    *,
    model: str = "black_scholes",
    exercise: str = "european",
    which: Sequence[str] | None = None,
    backend: str = "auto",
    threads: int | None = None,
) -> Decision:
    """Say which backend would run a batch of `n` options, with how many threads, and why.

    Loads no backend.

    Parameters
    ----------
    operation : {"price", "greeks", "implied_volatility", "exercise_boundary"}
        A public function, or a name of the catalogue, such as ``"bachelier_price"``.
    n : int
        Number of options in the batch.
    model, backend, threads
        As in `quantforge.price`.
    which : sequence of str, optional
        The results asked for, as in `quantforge.greeks`; a backend may have some of them only.
    exercise : {"european", "american"}
        When the options may be exercised.

    Raises
    ------
    ValueError
        No function or operation has this name, or it does not serve the model or the exercise.
    BackendError
        The named backend cannot be used; the message says why.
    """
    registry()  # plugins declare operations too
    asked_for = find(operation, model, exercise)
    name = asked_for.name
    names = asked_for.default_outputs if which is None else which
    wanted = asked_for.wanted((names,) if isinstance(names, str) else names)
    needs = Needs(wanted, conventions.model(asked_for.served(model)).name)
    made = preview(name, backend, threads, needs)
    row = made.rows[made.row(int(n))]
    source = made.source
    asked = backend if backend != "auto" else settings.get().backend
    if not row.backend:
        reason = made.unfit
    elif asked != "auto":
        reason = f"backend {asked!r} was asked for"
    elif source.costs is None:
        reason = "this machine is not tuned: run `python -m quantforge.autotune`"
    else:
        reason = source.reason(int(n)) if source.reason else "as the profile says"
    return Decision(
        operation=name,
        n=int(n),
        backend=row.backend,
        threads=row.threads,
        row=row,
        profile=source.name,
        age=source.age,
        reason=reason,
        candidates=_candidates(asked_for, needs, int(n), row, source),
    )


def _candidates(
    operation: Operation, needs: Needs, n: int, decided: Row, source: Source
) -> dict[str, str]:
    found = registry()
    within = found.candidates(operation.name, best_tier(), needs)
    texts = {}
    for name in found.names():
        info = found.info(name)
        if info.state is not State.AVAILABLE:
            texts[name] = f"{info.state}: {info.reason}"
            continue
        described = found.description(name)
        lacking = lacks(described, operation, needs)
        if not lacking and not takes(described, n):
            lacking = sizes(described)
        texts[name] = lacking or _estimate(name, operation.name, n, decided, source)
        tier = "" if lacking else found.tier(name, operation.name)
        if tier in _TIERS:
            texts[name] += f"; {_TIERS[tier]}, {_who_takes(tier, name in within)}"
    return texts


_TIERS: Final = {
    "contract": "not exact",
    "approximate": "errors beyond the documented bounds",
}


def _who_takes(tier: str, is_taken: bool) -> str:
    """What a tier that is not the best one means for ``auto`` under the current settings."""
    best = best_tier()
    if best != "exact":
        return f"which tier={best!r} {'allows' if is_taken else 'rules out'}"
    if tier == "contract":
        return "so auto takes it only where nothing exact is usable"
    return "so auto never takes it"


def _estimate(name: str, operation: str, n: int, decided: Row, source: Source) -> str:
    from quantforge.profile import lookup  # reads JSON, which an import need not pay for

    if source.costs is None:
        return "not measured"
    times = {
        count: source.costs(name, count, n)
        for count in dict.fromkeys((1, decided.threads, budget()))
    }
    known = [
        f"{seconds * 1e6:,.2f} us with {count} thread{'s' * (count > 1)}"
        for count, seconds in times.items()
        if seconds is not None
    ]
    if known:
        return ", ".join(known)
    return lookup.gap(lookup.section()[0], name, operation) or "not measured with so many options"
