"""The formulas, functions of arrays of float64, after QuantForge's numerical specification."""
