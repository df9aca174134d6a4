"""The sections of the page, one module each: figures in, markup out."""
