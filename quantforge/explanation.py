"""`explain`: which backend would run a batch, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quantforge.dispatch import budget, preview, settings
from quantforge.operations import find
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
        lines = [
            f"{self.operation} of {self.n:,} options: {self.backend}, {self.threads} {many}",
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
    name = find(operation, model, exercise).name
    made = preview(name, backend, threads)
    row = made.rows[made.row(int(n))]
    source = made.source
    asked = backend if backend != "auto" else settings.get().backend
    if asked != "auto":
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
        candidates=_candidates(name, int(n), row, source),
    )


def _candidates(operation: str, n: int, decided: Row, source: Source) -> dict[str, str]:
    found = registry()
    texts = {}
    for name in found.names():
        info = found.info(name)
        if info.state is not State.AVAILABLE:
            texts[name] = f"{info.state}: {info.reason}"
        elif operation not in info.operations:
            texts[name] = f"does not implement {operation}"
        else:
            texts[name] = _estimate(name, operation, n, decided, source)
            if not found.exact(name, operation):
                texts[name] += "; not exact, so auto takes it only where nothing exact is usable"
    return texts


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
    return ", ".join(known) or lookup.gap(lookup.section()[0], name, operation) or "not measured"
