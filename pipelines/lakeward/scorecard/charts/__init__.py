"""Charts as SVG, beside the numbers that they show."""
