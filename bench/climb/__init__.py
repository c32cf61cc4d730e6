"""The search for the worst errors: hill climbs over the bits of the inputs.

An error is measured against its bound by the oracles of the conformance suite. Exact values come
from ball arithmetic (`balls`), bounds from `slopes`; what is reported is judged once more by the
suite's own reference.
"""
