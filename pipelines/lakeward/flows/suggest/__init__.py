"""Rules learned from a dataset's past: measured in SQL, proposed from counts, tried on every batch, written when a person accepts."""

from lakeward.flows.suggest.accepting import Acceptance, accept_rules
from lakeward.flows.suggest.suggesting import suggest_rules

__all__ = ["Acceptance", "accept_rules", "suggest_rules"]
