"""Tables of the lake as Delta keeps them: what both engines know of files and commits, whoever reads and writes the rows."""
