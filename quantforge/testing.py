"""What a conformance suite needs of the core: the catalogue, and kernels without dispatch.

Programs that price options have no use for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quantforge import capabilities, loaded
from quantforge.contract import GROUP, Backend
from quantforge.dispatch import forced_threads
from quantforge.errors import BackendError
from quantforge.names import is_in_namespace
from quantforge.operations import OPERATIONS, Operand, Operation, Output
from quantforge.operations import operation as _operation
from quantforge.plugins import Registry, registry

__all__ = [
    "Operand",
    "Operation",
    "Output",
    "declaring",
    "described",
    "fallback",
    "forced_threads",
    "kernel",
    "operations",
    "plugins",
    "scalar",
    "tier",
]


def operations() -> Mapping[str, Operation]:
    """List the catalogue.

    Returns
    -------
    mapping of str to Operation
        By name: what each operation takes and returns, those of other distributions included.

    Examples
    --------
    >>> from quantforge import testing
    >>> [operand.name for operand in testing.operations()["price"].inputs]
    ['spot', 'strike', 'time', 'rate', 'dividend', 'sigma', 'sign']
    """
    registry()  # plugins declare operations too
    return OPERATIONS


def plugins() -> Mapping[str, str]:
    """List the modules of all installed plugins, importing none of them.

    Returns
    -------
    mapping of str to str
        By name: the module with the hooks, that of the core's own backend included.
    """
    from importlib.metadata import entry_points

    modules = {"numpy": "quantforge.numpy_backend"}
    for point in entry_points(group=GROUP):
        modules.setdefault(point.name, point.module)  # the first keeps the name
    return modules


def declaring(backend: str) -> frozenset[str]:
    """Find the other plugins that declare a backend's operations, by the names of these.

    Whoever blocks all other backends leaves these out, before anything looks backends up.

    Parameters
    ----------
    backend : str

    Returns
    -------
    frozenset of str
        Names of plugins. None but the backend's own is imported.

    Examples
    --------
    >>> from quantforge import testing
    >>> testing.declaring("numpy")
    frozenset()
    """
    others = frozenset(plugins()) - {backend}
    alone = Registry(blocked=others)
    operations = alone.info(backend).operations if backend in alone.names() else ()
    return frozenset(
        plugin for plugin in others if any(is_in_namespace(name, plugin) for name in operations)
    )


def kernel(
    backend: str, operation: str, outputs: Sequence[str] | None = None
) -> Callable[..., Any]:
    """Load a backend's kernel as it is, without dispatch, validation or threads.

    Parameters
    ----------
    backend, operation : str
    outputs : sequence of str, optional
        Names of the outputs to write, where the operation has a choice; by default all that the
        backend can.

    Returns
    -------
    callable
        ``f(*inputs, *out)`` as of a NumPy ufunc: operands are float64 in the catalogue's order,
        results as many as there are outputs, in its order.

    Raises
    ------
    ValueError
        There is no such backend, operation or output.
    BackendError
        The backend cannot be used, with its cause, or lacks the operation.

    Examples
    --------
    >>> from quantforge import testing
    >>> price = testing.kernel("numpy", "price")
    >>> round(float(price(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1.0)), 6)
    10.450584
    """
    wanted = None if outputs is None else _operation(operation).wanted(outputs)
    found: Callable[..., Any] = loaded.kernel(backend, operation, wanted)
    return found


def scalar(
    backend: str, operation: str, outputs: Sequence[str] | None = None
) -> Callable[..., Any] | None:
    """Load a backend's entry for one option, if it has one.

    Parameters
    ----------
    backend, operation, outputs
        As in `kernel`.

    Returns
    -------
    callable or None
        ``f(*inputs)`` of floats, which returns a float, or a sequence of one number per output.
    """
    declared = _operation(operation)
    every = capabilities.outputs(described(backend), declared)
    wanted = every if outputs is None else declared.wanted(outputs)
    return registry().scalar(backend, operation, wanted)


def fallback(operation: str) -> Callable[..., Any] | None:
    """Find the NumPy fallback's kernel, which backends are compared with; it may be blocked.

    Parameters
    ----------
    operation : str

    Returns
    -------
    callable or None
        As of `kernel`, for all outputs; None if the fallback does not have the operation.

    Raises
    ------
    ValueError
        There is no such operation.

    Examples
    --------
    >>> from quantforge import testing
    >>> round(float(testing.fallback("price")(100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1)), 6)
    10.450584
    """
    from quantforge import kernels, numpy_backend

    declared = _operation(operation)
    described = numpy_backend.quantforge_backend()
    if operation not in described.operations:
        return None
    found: Callable[..., Any] = kernels.make(
        described, described.load()[operation], declared, declared.all_outputs
    )
    return found


def described(backend: str) -> Backend:
    """Return what a backend says of itself.

    Raises
    ------
    ValueError
        There is no such backend.
    BackendError
        It could not be read, with the reason.
    """
    registry().check(backend)
    info = registry().info(backend)
    if not info.operations:
        raise BackendError(f"backend {backend!r} is {info.state}, {info.reason}") from info.error
    return registry().description(backend)


def tier(backend: str, operation: str) -> str:
    """Say how near a backend's results are.

    Returns
    -------
    str
        ``"exact"`` for the bits of this core's numerical specification, ``"contract"`` for the
        documented bounds, ``"approximate"`` for bounds that the backend states itself.

    Raises
    ------
    ValueError
        There is no such backend or operation.
    BackendError
        The backend could not be read, with the reason.
    """
    described(backend)
    return registry().tier(backend, operation)
