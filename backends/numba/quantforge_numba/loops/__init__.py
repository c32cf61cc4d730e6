"""From lanes to NumPy's inner loops; the formulas themselves stand in the files beside this folder.

An operation's file here puts its lanes together: the stages of its ordinary form, which run one
after the other over a block, and its general form. `forms` makes loops over a block of them,
`blocks` a loop over any operands of those, and `kernels` compiles it.
"""
