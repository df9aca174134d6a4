"""Every generated page: its path from docs/, and the function that makes its text."""

from collections.abc import Callable, Mapping

from generate.access_rules import access_rules
from generate.assessor import assessor
from generate.capacity import capacity
from generate.catalogues import catalogues
from generate.commands import commands
from generate.contract import contract
from generate.delta_features import delta_features
from generate.engines import engines
from generate.exit_codes import exit_codes
from generate.expectations import vocabulary
from generate.filing import filing
from generate.flows import public_flows
from generate.governance import governance
from generate.json_answers import json_answers
from generate.messages import messages
from generate.openapi import openapi
from generate.policies import policies
from generate.portal import portal
from generate.project import project
from generate.scoring import scoring
from generate.settings import settings
from generate.suite import suite
from generate.telemetry import telemetry
from generate.terms import terms
from generate.value_commands import value_commands

PAGES: Mapping[str, Callable[[], str]] = {
    "api/flows.md": public_flows,
    "../pipelines/lakeward/portal/assets/openapi.json": openapi,
    "reference/access-rules.md": access_rules,
    "reference/assessor.md": assessor,
    "reference/capacity.md": capacity,
    "reference/catalogues.md": catalogues,
    "reference/commands.md": commands,
    "reference/contract.md": contract,
    "reference/delta-features.md": delta_features,
    "reference/engines.md": engines,
    "reference/exit-codes.md": exit_codes,
    "reference/expectations.md": vocabulary,
    "reference/filing.md": filing,
    "reference/governance.md": governance,
    "reference/json.md": json_answers,
    "reference/messages.md": messages,
    "reference/policies.md": policies,
    "reference/portal.md": portal,
    "reference/project.md": project,
    "reference/scoring.md": scoring,
    "reference/settings.md": settings,
    "reference/suite.md": suite,
    "reference/telemetry.md": telemetry,
    "reference/terms.md": terms,
    "reference/value-commands.md": value_commands,
}
