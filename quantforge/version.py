"""The version of the core's distribution."""

__version__ = "0.1.0"
