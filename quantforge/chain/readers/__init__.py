"""Readers of quote files, one module a format, found as plugins.

`contract` says what a reader is, `registry` finds them and chooses the one for a file, and `table`
reads the rows of text files. Every other module is a reader.
"""
