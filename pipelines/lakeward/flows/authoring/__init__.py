"""Creation of a project: `init`, `new`, the demo, and contract files."""
