"""Writes the reference pages from the code, so that a page can't say what the code does not do. One module per page; no product code."""
