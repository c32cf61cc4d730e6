"""What the backend has copied between the memory of the host and that of the device."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Transfers", "transfers"]


@dataclass
class Transfers:
    """How many arrays, and bytes in all, went each way since the process began.

    The flag that says whether an option is outside the domain is not counted: four bytes a call,
    for which the call waits.
    """

    arrays_to_device: int = 0
    bytes_to_device: int = 0
    arrays_to_host: int = 0
    bytes_to_host: int = 0

    def to_device(self, size: int) -> None:
        self.arrays_to_device += 1
        self.bytes_to_device += size

    def to_host(self, size: int) -> None:
        self.arrays_to_host += 1
        self.bytes_to_host += size


transfers = Transfers()
"""Of this process."""
