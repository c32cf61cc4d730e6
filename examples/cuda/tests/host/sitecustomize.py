"""Let the backend find the device that cupy.py stands for."""

import os

_exists = os.path.exists
os.path.exists = lambda path: path == "/dev/nvidiactl" or _exists(path)
