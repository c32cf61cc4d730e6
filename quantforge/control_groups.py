"""The control groups that this process is in, and the processors that they grant it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["groups", "quota"]

_PROCESS: Final = Path("/proc/self")


def quota() -> float | None:
    """Processors that every group on the way to the root grants; None if none sets a limit."""
    return min(filter(None, map(_granted, groups())), default=None)


def groups() -> Iterator[Path]:
    """Folders of the process's own group and of those around it, in versions 2 and 1.

    A container may see less than the host: its mount shows a part of the hierarchy, whose place
    `mountinfo` tells. A group outside that part has no folder here, and the mount stands for it.
    """
    try:
        own = (_PROCESS / "cgroup").read_text().splitlines()
        mounts = (_PROCESS / "mountinfo").read_text().splitlines()
    except OSError:
        return  # not Linux, or hidden
    paths = {}
    for line in own:
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            paths["cgroup" if controllers else "cgroup2"] = path
    for line in mounts:
        mount, _, source = line.partition(" - ")
        kind, *rest = source.split()
        if kind not in paths or (kind == "cgroup" and "cpu" not in rest[-1].split(",")):
            continue
        root, top = mount.split()[3:5]
        below = os.path.relpath(paths[kind], root)
        folder = Path(top) if below.startswith("..") else Path(top, below)
        yield folder
        yield from (each for each in folder.parents if each.is_relative_to(top))


def _granted(group: Path) -> float | None:
    try:
        if (group / "cpu.max").exists():
            allowed, period = (group / "cpu.max").read_text().split()
        else:
            allowed = (group / "cpu.cfs_quota_us").read_text()
            period = (group / "cpu.cfs_period_us").read_text()
        return int(allowed) / int(period) if int(allowed) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # "max" is no number: unlimited
        return None
