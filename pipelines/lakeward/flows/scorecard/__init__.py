"""The inventory, readiness by DCMM, and the scorecard page. Never changes a row of a dataset."""
