"""Protection: who may see what of a column, and what a protected value looks like. Values in, values out."""
