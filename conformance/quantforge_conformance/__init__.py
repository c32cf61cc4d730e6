"""The test suite any QuantForge backend has to pass."""
