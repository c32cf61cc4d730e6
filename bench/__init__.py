"""How fast it is: against NumPy and SciPy, and `auto` against every choice it has."""
