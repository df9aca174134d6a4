"""How a project comes to be: `init`, `new`, the demo, and contracts as files."""
