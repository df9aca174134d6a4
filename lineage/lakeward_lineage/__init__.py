"""OpenLineage lineage."""
