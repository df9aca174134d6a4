"""Charts as hand-made SVG: pictures of figures that the page shows as numbers beside them."""
