"""The editions of GB/T 36073 that a lake is assessed by, and the file of an assessor's answers of each."""

from lakeward.core.errors import UsageError
from lakeward.maturity.catalogue import EDITIONS, Catalogue, default_catalogue, edition_catalogue

ANSWERS_FILE = "expectations/policies/assessor.yaml"


def find_edition(year: str = "") -> Catalogue:
    """The edition of a year; of an empty one the default.

    Raises:
        UsageError: There is no such edition.
    """
    if year and year not in EDITIONS:
        raise UsageError("maturity_edition_unknown", found=ascii(year), expected=", ".join(EDITIONS))
    return edition_catalogue(year) if year else default_catalogue()


def answers_file(edition: Catalogue) -> str:
    """Path of the answers in the project: of another edition than the default one, with its year in the name."""
    year = edition.edition.rpartition("-")[2]
    return ANSWERS_FILE if edition is default_catalogue() else ANSWERS_FILE.replace(".yaml", f"-{year}.yaml")
