"""Unpickle a kernel and its operands from standard input, run it, write the pickled results."""

from __future__ import annotations

import pickle
import sys

if __name__ == "__main__":
    kernel, operands = pickle.load(sys.stdin.buffer)
    pickle.dump(kernel(*operands), sys.stdout.buffer)
