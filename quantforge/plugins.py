"""Backends and their state.

pluggy finds them; each is then read, judged and loaded on its own, so that one broken plugin
costs itself and nobody else. Nothing heavy happens before `Registry.kernel` is called.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

import pluggy

from quantforge import catalogue, discovery
from quantforge.callables import array_type
from quantforge.capabilities import TIERS, Needs, check, lacks, outputs, tier
from quantforge.contract import Backend, Specification
from quantforge.errors import BackendError, KernelError, did_you_mean, one_line, warn_once
from quantforge.operations import CONTRACT, OPERATIONS, Operation, note_absent
from quantforge.operations import operation as _operation
from quantforge.redirection import to_stderr

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

__all__ = [
    "BackendInfo",
    "Registry",
    "State",
    "avoid",
    "backends",
    "on_finding",
    "on_stage",
    "registry",
]


class State(StrEnum):
    """Whether a backend can be used, and if not, what kind of reason there is."""

    AVAILABLE = "available"
    INCOMPATIBLE = "incompatible"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


@dataclass
class _Entry:
    name: str
    state: State
    reason: str = ""
    error: BaseException | None = None
    description: Backend | None = None
    distribution: Distribution | None = None
    loaded: Mapping[str, Any] | None = None
    kernels: dict[tuple[str, int], Any] = field(default_factory=dict)
    loading: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass(frozen=True)
class BackendInfo:
    """A backend as `quantforge.backends` shows it.

    Attributes
    ----------
    name, version : str
    state : State
        ``available``, ``incompatible``, ``blocked``, ``unavailable`` or ``broken``.
    reason : str
        Why it is not available; empty if it is.
    exact : bool
        Whether its results are bit for bit those of this core's numerical specification.
    operations : tuple of str
    device, url : str
        Where it computes, and where it is at home.
    error : BaseException or None
        The original exception behind the reason.
    details : mapping of str to str
        Facts known once it is loaded, such as the instruction set; empty before.
    """

    name: str
    state: State
    reason: str
    version: str
    exact: bool
    operations: tuple[str, ...]
    device: str = ""
    url: str = ""
    error: BaseException | None = field(default=None, repr=False, compare=False)
    details: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        parts = [f"{self.name} {self.version}".strip(), str(self.state)]
        parts += [self.reason] if self.reason else ["exact" if self.exact else "not exact"]
        parts += [f"{key} {value}" for key, value in self.details.items()]
        return f"<backend {', '.join(parts)}>"


_ANYTHING: Final = Needs()


class Registry:
    """All backends of this process, found once, each loaded when first needed."""

    def __init__(
        self,
        blocked: frozenset[str] | None = None,
        avoided: Mapping[str, str] | None = None,
    ) -> None:
        """By default `QUANTFORGE_BLOCK` says what is blocked, and the profile what to avoid."""
        points, unreadable = discovery.entry_points()
        if blocked is None:
            words = os.environ.get("QUANTFORGE_BLOCK", "").split(",")
            blocked = frozenset(word.strip() for word in words if word.strip())
            _warn_unknown(blocked, {"numpy", *unreadable, *(point.name for point in points)})
        if avoided is None:
            avoided = _remembered(points)
        self.avoided = avoided
        self._manager = pluggy.PluginManager("quantforge")
        self._manager.add_hookspecs(Specification)
        self._entries: dict[str, _Entry] = {}
        self._declared: dict[str, catalogue.Declared] = {}
        self._find(points, blocked)
        self._admit()
        self._check_limits()
        for name, error in unreadable.items():
            reason = f"its entry points cannot be read: {one_line(error)}"
            self._entries.setdefault(name, _Entry(name, State.BROKEN, reason, error))
        silent = [entry for entry in self._entries.values() if entry.name not in self._declared]
        absent = [entry for entry in silent if entry.state in (State.BLOCKED, State.BROKEN)]
        note_absent({entry.name: f"{entry.state}: {entry.reason}" for entry in absent})
        self.arrays = self._arrays()

    def _arrays(self) -> tuple[str, ...]:
        """The types of other libraries' arrays that some backend takes and returns."""
        described = (entry.description for entry in self._entries.values())
        return tuple(dict.fromkeys(one for its in described if its for one in its.arrays))

    def _find(self, points: Sequence[EntryPoint], blocked: frozenset[str]) -> None:
        from quantforge import numpy_backend

        # The one backend that the core knows by name: the fallback, which it brings along itself.
        fallback = self._read("numpy", lambda: numpy_backend, blocked, "this core")
        assert fallback is not None
        self._entries["numpy"] = fallback
        claims: dict[str, dict[str, EntryPoint]] = {}
        for point in points:
            claims.setdefault(point.name, {})[discovery.origin(point)] = point
        for name, its in sorted(claims.items()):
            if name == "numpy":
                for point in its.values():
                    other = f"{name} ({point.value})"
                    reason = "another plugin has the name 'numpy' already"
                    self._entries[other] = _Entry(other, State.BROKEN, reason)
            elif len(its) > 1 and name not in blocked:
                reason = f"two distributions have this name: {', '.join(its)}; uninstall one"
                self._entries[name] = _Entry(name, State.BROKEN, reason)
            elif name in self.avoided and name not in blocked:
                self._entries[name] = _Entry(name, State.BROKEN, self.avoided[name])
            else:
                (point, *_) = its.values()
                entry = self._read(name, point.load, blocked, discovery.owner(point))
                if entry is not None:
                    self._entries[name] = entry
            if name in self._entries and name != "numpy":
                self._entries[name].distribution = next(iter(its.values())).dist

    def _admit(self) -> None:
        """Take what plugins declare into the catalogue; one that cannot be there breaks them."""
        for name, reason in catalogue.admit(self._declared).items():
            del self._declared[name]
            entry = self._entries.setdefault(name, _Entry(name, State.BROKEN))
            entry.state, entry.reason = State.BROKEN, reason

    def _check_limits(self) -> None:
        """Refuse limits to what there is not, now that all operations are there."""
        for entry in self._entries.values():
            if entry.state is State.AVAILABLE and entry.description is not None:
                try:
                    check(entry.description)
                except ValueError as error:
                    entry.state, entry.error = State.BROKEN, error
                    entry.reason = f"hook failed: {one_line(error)}"

    def _read(
        self, name: str, find: Callable[[], Any], blocked: frozenset[str], owner: str
    ) -> _Entry | None:
        """Import one plugin and call its hooks; whatever goes wrong there affects it alone.

        None if it declares operations and no backend.
        """
        if name in blocked:
            return _Entry(name, State.BLOCKED, "named in QUANTFORGE_BLOCK")
        stage = "import"
        try:
            plugin = _announced("importing", name, find)
            stage = "hook"
            described = _announced("describing", name, lambda: self._described(plugin, name, owner))
            return None if described is None else self._judge(described)
        except KeyboardInterrupt:
            raise
        except BackendError as error:  # it says itself why it cannot be used
            return _Entry(name, State.UNAVAILABLE, str(error), error)
        except BaseException as error:  # it may call sys.exit, or panic in Rust
            return _Entry(name, State.BROKEN, f"{stage} failed: {one_line(error)}", error)

    def _hook(self, name: str, plugin: Any) -> Callable[[], Any] | None:
        """The plugin's own implementation of a hook, to be called alone."""
        found = getattr(self._manager.hook, name).get_hookimpls()
        return next((each.function for each in found if each.plugin is plugin), None)

    def _described(self, plugin: Any, name: str, owner: str) -> Backend | None:
        """The plugin's description of its backend, if it has one; notes what it declares."""
        self._manager.register(plugin, name)  # pluggy checks the plugin
        operations = self._hook("quantforge_operations", plugin)
        backend = self._hook("quantforge_backend", plugin)
        if operations is not None:
            self._declared[name] = catalogue.read(name, owner, operations())
        if backend is None:
            if operations is None:
                raise TypeError("it has no hook implementation `quantforge_backend`")
            return None
        described = backend()
        if not isinstance(described, Backend):
            kind = type(described).__name__
            raise TypeError(f"`quantforge_backend` returned {kind}, not quantforge.Backend")
        if described.name != name:
            raise ValueError(f"entry point {name!r} describes a backend named {described.name!r}")
        return described

    @staticmethod
    def _judge(described: Backend) -> _Entry:
        entry = _Entry(described.name, State.AVAILABLE, description=described)
        if described.contract != CONTRACT:
            age = "older" if described.contract < CONTRACT else "newer"
            entry.state = State.INCOMPATIBLE
            entry.reason = (
                f"built for contract {described.contract}, this core has {CONTRACT}: "
                f"the plugin is {age}; install matching versions"
            )
        else:
            missing = [name for name in described.requires if not _importable(name)]
            if missing:
                entry.state = State.UNAVAILABLE
                entry.reason = f"needs {', '.join(missing)}, not installed"
        return entry

    def names(self) -> tuple[str, ...]:
        """Every backend that was found, usable or not."""
        return tuple(self._entries)

    def info(self, name: str) -> BackendInfo:
        """The backend's state, as data."""
        entry = self._entries[name]
        described = entry.description
        operations = described.operations if described else ()
        return BackendInfo(
            name=name,
            state=entry.state,
            reason=entry.reason,
            version=described.version if described else "",
            exact={self.exact(name, one) for one in operations if one in OPERATIONS} == {True},
            operations=operations,
            device=described.device if described else "",
            url=described.url if described else "",
            error=entry.error,
            details=self._details(entry),
        )

    @staticmethod
    def _details(entry: _Entry) -> Mapping[str, str]:
        described = entry.description
        if entry.loaded is None or described is None or described.details is None:
            return {}
        try:
            with to_stderr(entry.name):
                return {str(key): str(value) for key, value in dict(described.details()).items()}
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return {"details": f"failed: {one_line(error)}"}

    def candidates(
        self, operation: str, best: str = "exact", needs: Needs = _ANYTHING
    ) -> tuple[str, ...]:
        """Usable backends for a request, best guess first, of this tier or better ones.

        Where none is exact, those that keep the accuracy contract serve, unless arrays of another
        library are to stay what they are.
        """
        declared = _operation(operation)
        found = [
            (TIERS.index(tier(its, declared)), its.preference, its.name)
            for entry in self._entries.values()
            if entry.state is State.AVAILABLE
            and (its := entry.description) is not None
            and not lacks(its, declared, needs)
        ]
        most = TIERS.index(best)
        if not needs.array and not any(rank <= most for rank, *_ in found):
            most = max(most, TIERS.index("contract"))
        return tuple(name for rank, _, name in sorted(found) if rank <= most)

    def tier(self, name: str, operation: str) -> str:
        """How near a backend's results of an operation are; see `capabilities.TIERS`."""
        return tier(self.description(name), _operation(operation))

    def exact(self, name: str, operation: str) -> bool:
        """Whether the backend follows this core's numerical specification bit for bit."""
        described = self._entries[name].description
        return described is not None and tier(described, _operation(operation)) == "exact"

    def description(self, name: str) -> Backend:
        """What a backend says of itself; it must have been read."""
        described = self._entries[name].description
        assert described is not None
        return described

    def requires(self, name: str) -> tuple[str, ...]:
        """The modules that the backend says it requires."""
        described = self._entries[name].description
        return described.requires if described else ()

    def device_of(self, operands: Iterable[Any]) -> str:
        """The type of arrays among operands that some backend takes and returns as they are."""
        return next((one for each in operands if (one := array_type(each, self.arrays))), "")

    def distribution(self, name: str) -> Distribution | None:
        """The installed distribution behind the backend's entry point, if there is one."""
        return self._entries[name].distribution

    def check(self, name: str) -> None:
        """Raise unless there is a backend of this name, usable or not."""
        if name not in self.names():
            installed = "auto", *self.names()
            raise ValueError(
                f"unknown backend {name!r}; installed: {', '.join(installed)}"
                f"{did_you_mean(name, installed)}"
            )

    def require(self, name: str, operation: str, needs: Needs = _ANYTHING) -> None:
        """Raise unless the backend is there, usable and can do what is asked for."""
        self.check(name)
        entry = self._entries[name]
        if entry.state is not State.AVAILABLE or entry.description is None:
            raise BackendError(
                f"backend {name!r} cannot run {operation!r}: {entry.state}, {entry.reason}"
            ) from entry.error
        lacking = lacks(entry.description, _operation(operation), needs)
        if lacking:
            raise BackendError(f"backend {name!r} {lacking}")

    def kernel(self, name: str, operation: str, wanted: int | None = None) -> Any:
        """The backend's kernel as a ufunc-like ``kernel(*inputs, out)``, loaded on first use.

        `wanted` is a set of outputs, as of `Operation.wanted`; by default all that it can write.
        """
        self.check(name)
        entry = self._entries[name]
        declared = _operation(operation)
        with entry.lock:
            # Only now: another thread may have failed to load it.
            self.require(name, operation, Needs(wanted))
            every = outputs(self.description(name), declared)
            key = operation, every if wanted is None else wanted
            for each in ((operation, every), key):  # all first: golden bits
                if each not in entry.kernels:
                    entry.kernels[each] = self._make(entry, declared, each[1])
            return entry.kernels[key]

    def scalar(self, name: str, operation: str, wanted: int) -> Callable[..., Any] | None:
        """The backend's function of floats for a set of outputs, if it has one."""
        from quantforge import kernels

        self.kernel(name, operation, wanted)  # loaded, and its golden bits checked
        entry = self._entries[name]
        assert entry.loaded is not None
        given = entry.loaded[operation]
        with entry.lock:
            try:
                made: Callable[..., Any] | None = _announced(
                    "loading", name, lambda: kernels.make_scalar(given, wanted)
                )
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise self._broken(entry, error) from error
        return made

    def _make(self, entry: _Entry, operation: Operation, wanted: int) -> Any:
        try:
            if entry.loading:
                raise RuntimeError("load() asks for what it is to load")
            entry.loading = True
            made = _announced("loading", entry.name, lambda: _loaded(entry, operation, wanted))
            if entry.error is not None:
                raise entry.error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # it may call sys.exit, or panic in Rust
            raise self._broken(entry, error) from error
        finally:
            entry.loading = False
        return made

    @staticmethod
    def _broken(entry: _Entry, error: BaseException) -> BackendError:
        """Mark a backend as broken; return the error to raise."""
        entry.state, entry.error = State.BROKEN, error
        entry.reason = f"loading failed: {one_line(error)}"
        return BackendError(f"backend {entry.name!r} is broken: {entry.reason}")

    def avoid(self, name: str, reason: str, error: BaseException | None = None) -> None:
        """Mark a backend as broken from now on."""
        entry = self._entries[name]
        entry.state, entry.reason, entry.error = State.BROKEN, reason, error

    @contextmanager
    def without(self, failed: KernelError) -> Iterator[None]:
        """Do without a backend whose kernel has raised; not its fault if the others raise too."""
        entry = self._entries[failed.backend]
        before = entry.state, entry.reason, entry.error
        cause = failed.__cause__ or failed
        self.avoid(failed.backend, f"running failed: {one_line(cause)}", cause)
        try:
            yield
        except BaseException:
            entry.state, entry.reason, entry.error = before
            raise

    def warn_unusable(self) -> None:
        """Warn, once each, of the backends that ``auto`` leaves out though nobody blocked them."""
        for entry in self._entries.values():
            if entry.state not in (State.AVAILABLE, State.BLOCKED):
                state = f"it is {entry.state}, {entry.reason}"
                warn_once(f"skip {entry.name}", f"backend {entry.name!r} is left out: {state}")

    def after_fork(self) -> None:
        """Renew the locks in a forked child, and leave out the backends that cannot be there."""
        for entry in self._entries.values():
            entry.lock, entry.loading = threading.RLock(), False
            stays = entry.loaded is None or entry.description is None or entry.description.forks
            if entry.state is State.AVAILABLE and not stays:
                entry.state = State.UNAVAILABLE
                entry.reason = "it cannot run in a forked child; start the process by 'spawn'"


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _loaded(entry: _Entry, operation: Operation, wanted: int) -> Any:
    """Load a backend, if it is not yet, and make one of its kernels."""
    from quantforge import kernels

    described = entry.description
    assert described is not None
    if entry.loaded is None:
        entry.loaded = described.load()
    if not isinstance(entry.loaded, Mapping):
        kind = type(entry.loaded).__name__
        raise TypeError(f"load() returned {kind}, not a mapping of kernels")
    if operation.name not in entry.loaded:
        raise TypeError(f"load() returned no kernel for {operation.name!r}")
    return kernels.make(described, entry.loaded[operation.name], operation, wanted)


_stages: list[Callable[[str, str], None]] = []


def on_stage(tell: Callable[[str, str], None]) -> None:
    """Call `tell` with what is about to be done and with the name of the backend."""
    _stages.append(tell)


def _announced(doing: str, name: str, function: Callable[[], Any]) -> Any:
    """Call `function`, which runs a plugin's code, so that whoever looks sees whose it is.

    No handler can save a process from a crash in there. So the frame has the name for its file,
    which is what `faulthandler` prints, and ``QUANTFORGE_DEBUG=1`` prints it beforehand.
    """
    for tell in _stages:
        tell(doing, name)
    place = f"{doing} backend {name!r}, QUANTFORGE_BLOCK={name} leaves it out"
    if os.environ.get("QUANTFORGE_DEBUG", "0") not in {"", "0"} and sys.stderr is not None:
        print(f"quantforge: {place}", file=sys.stderr, flush=True)
    frame = FunctionType(_run.__code__.replace(co_filename=f"<{place}>"), globals())
    with to_stderr(name):
        return frame(function)


def _run(function: Callable[[], Any]) -> Any:
    return function()


def _warn_unknown(blocked: frozenset[str], known: set[str]) -> None:
    unknown = sorted(blocked - known)
    if unknown:
        warn_once(
            "QUANTFORGE_BLOCK",
            f"QUANTFORGE_BLOCK names {', '.join(unknown)}, which is not installed; "
            f"valid: {', '.join(sorted(known))}",
        )


_finders: list[Callable[[Sequence[Any]], Mapping[str, str]]] = []
_avoided: Mapping[str, str] | None = None


def on_finding(remember: Callable[[Sequence[Any]], Mapping[str, str]]) -> None:
    """Ask `remember`, before plugins are imported, which of these entry points not to touch."""
    _finders.append(remember)


def _remembered(points: Sequence[EntryPoint]) -> Mapping[str, str]:
    if _avoided is not None:
        return _avoided
    return {name: why for ask in _finders for name, why in ask(points).items()}


def avoid(reasons: Mapping[str, str]) -> None:
    """Leave out these backends, by name with the reason, and no others that were remembered."""
    global _registry, _avoided
    _avoided = dict(reasons)
    if _registry is None or not _registry.avoided.keys() <= reasons.keys():
        _registry = None  # one that was avoided is to be imported after all
        return
    for name in _registry.names():
        if name in reasons:
            _registry.avoid(name, reasons[name])


_registry: Registry | None = None
_registry_lock = threading.RLock()
_is_finding = False


def registry() -> Registry:
    """The registry of this process, made on first use."""
    global _registry, _is_finding
    if _registry is None:
        with _registry_lock:
            if _is_finding:
                raise RuntimeError("a plugin uses QuantForge while its backends are being found")
            if _registry is None:
                _is_finding = True
                try:
                    _registry = Registry()
                finally:
                    _is_finding = False
    return _registry


def _unlock() -> None:
    global _registry_lock, _is_finding
    _registry_lock, _is_finding = threading.RLock(), False
    if _registry is not None:
        _registry.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


def backends() -> tuple[BackendInfo, ...]:
    """Every backend that was found, with its state and, where it is unusable, the reason.

    Loads nothing.

    Returns
    -------
    tuple of BackendInfo

    Examples
    --------
    >>> import quantforge
    >>> [backend.name for backend in quantforge.backends()][0]
    'numpy'
    """
    found = registry()
    return tuple(found.info(name) for name in found.names())
