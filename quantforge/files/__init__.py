"""Files that other programs write, read as text, cells and columns, and files written whole.

Nothing here knows about options. Programs that use QuantForge may use it, as `quantforge.chain`
does.
"""
