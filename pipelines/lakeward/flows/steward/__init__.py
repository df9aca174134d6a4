"""Actions of a data steward on quarantined rows: list, repair, replay, release and expire."""
