"""Drafts contract and suite from a profile, for a person to edit."""

from lakeward.profiling.contract_text import SampleOrigin, contract_text
from lakeward.profiling.findings import Profile
from lakeward.profiling.suite_text import suite_text


def draft(profile: Profile, name: str, zone: str, origin: SampleOrigin | None = None) -> tuple[str, str]:
    """The texts of `contract.odcs.yaml` and `suite.json`.

    Args:
        name: The dataset's name.
        zone: IANA zone of the plant, for times without an offset.
        origin: Where the rows come from, if not from files.
    """
    return contract_text(profile, name, zone, origin), suite_text(profile, name, has_delay=bool(origin and origin.received))
