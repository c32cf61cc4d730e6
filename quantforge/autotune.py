"""``python -m quantforge.autotune``, the same as ``quantforge autotune``."""

import sys

from quantforge.cli import main

if __name__ == "__main__":
    sys.exit(main(["autotune", *sys.argv[1:]]))
