"""Publishing: build the distributions, check them, try them where nothing else is, number them.

``./dev wheels`` and ``./dev version`` run this. RELEASING.md has the steps.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Where the sources of each distribution are. They have one version, and are published together.
DISTRIBUTIONS = {
    "quantforge-core": ROOT,
    "quantforge-conformance": ROOT / "conformance",
    "quantforge-rust": ROOT / "backends" / "rust",
    "quantforge-c": ROOT / "backends" / "c",
    "quantforge-numba": ROOT / "backends" / "numba",
}
PLATFORM = "manylinux_2_17_x86_64"  # glibc of 2012, the oldest that Rust knows
