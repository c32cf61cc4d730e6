"""Files of other people's programs: their text, cells and columns; and files written whole.

Nothing here knows of options. Programs on top of QuantForge may use it, as `quantforge.chain` does.
"""
