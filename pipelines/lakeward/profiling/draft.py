"""Drafts contract and suite from a profile, for a person to edit."""

from lakeward.profiling.contract_text import contract_text
from lakeward.profiling.findings import Profile
from lakeward.profiling.suite_text import suite_text


def draft(profile: Profile, name: str, zone: str) -> tuple[str, str]:
    """The texts of `contract.odcs.yaml` and `suite.json`.

    Args:
        name: The dataset's name.
        zone: IANA zone of the plant, for times without an offset.
    """
    return contract_text(profile, name, zone), suite_text(profile, name)
