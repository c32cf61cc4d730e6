"""``python -m quantforge``, the same as the command ``quantforge``."""

import sys

from quantforge.cli import main

sys.exit(main())
