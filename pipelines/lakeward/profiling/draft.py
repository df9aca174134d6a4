"""Drafts contract and suite from a profile, for a person to edit."""

from lakeward.contracts.glossary import Glossary
from lakeward.profiling.contract_text import contract_text
from lakeward.profiling.findings import Profile
from lakeward.profiling.origin import SampleOrigin
from lakeward.profiling.suite_text import suite_text


def draft(
    profile: Profile, name: str, zone: str, origin: SampleOrigin | None = None, glossary: Glossary | None = None
) -> tuple[str, str]:
    """The texts of `contract.odcs.yaml` and `suite.json`.

    Args:
        name: The dataset's name.
        zone: IANA zone of the plant, for times without an offset.
        origin: Where the rows come from, if not from files.
        glossary: Terms by which columns are named.
    """
    return contract_text(profile, name, zone, origin, glossary or Glossary()), suite_text(
        profile, name, has_delay=bool(origin and origin.received)
    )
