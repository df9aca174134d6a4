"""From a profile to a first contract and suite: what a person edits, not what a machine promises."""

from lakeward.profiling.contract_text import contract_text
from lakeward.profiling.findings import Profile
from lakeward.profiling.suite_text import suite_text


def draft(profile: Profile, name: str, zone: str) -> tuple[str, str]:
    """The texts of `contract.odcs.yaml` and `suite.json`.

    Args:
        name: The dataset's name.
        zone: IANA zone of the plant, for times that do not say their own.
    """
    return contract_text(profile, name, zone), suite_text(profile, name)
