"""What was measured on this machine: how it is kept, and what follows from it for `auto`."""
