"""Tune from within a call, for those who asked for it."""

from __future__ import annotations

import sys

from quantforge import dispatch
from quantforge.errors import QuantForgeError, warn_once
from quantforge.profile import lookup, store
from quantforge.profile.record import Profile
from quantforge.tuning import session
from quantforge.tuning.progress import progress_bar

__all__ = ["tune"]


def tune(operation: str) -> None:
    """Tune quickly, unless the profile covers `operation` or another process is at it."""
    if _is_worker() or not any(gap.operation == operation for gap in lookup.gaps()):
        return

    def save(profile: Profile) -> None:
        try:
            store.merge(profile)
        except OSError as error:
            lookup.keep(profile)
            warn_once(
                "profile unwritable",
                f"{store.path()} cannot be written ({error.strerror}): "
                "this machine was tuned for this process only",
            )

    with store.alone(wait=False) as alone:
        if not alone:
            return
        try:
            with progress_bar() as progress:
                session.tune("quick", progress=progress, save=save)
        except QuantForgeError:
            return  # nothing can be measured; the call itself will say what is wrong
    dispatch.invalidate()


def _is_worker() -> bool:
    """Whether multiprocessing started this process; its module is loaded then."""
    module = sys.modules.get("multiprocessing.process")
    return module is not None and module.parent_process() is not None
