"""The life of a row after a rule set it aside: repaired, judged again, released, or given up; every step is an event."""
