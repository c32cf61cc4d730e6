"""The executable specification: which bits every exact backend returns."""
