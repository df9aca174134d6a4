"""What the portal shows: families beside those of the scorecard's page, and the queries of its pages over the read model."""
