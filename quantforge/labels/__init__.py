"""Containers of other libraries: labels come off before a kernel runs, and go back on its results.

Every argument is aligned alike, `kind` and `dividend` included, by the rule of the library that
the containers belong to; what cannot be aligned is refused. The core sees NumPy arrays only.
"""

from quantforge.labels.containers import call, is_labelled

__all__ = ["call", "is_labelled"]
