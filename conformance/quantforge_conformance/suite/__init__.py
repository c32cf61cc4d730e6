"""The tests; each module is a promise of the contract between a backend and its users."""
