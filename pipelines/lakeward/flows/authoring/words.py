"""What contracts lack of words for people: warnings, never problems, and few of them where a project is not written yet."""

from collections.abc import Iterator

from lakeward.contracts.document import read_document
from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.contracts.words import WordGap, WordKind, word_gaps
from lakeward.core.errors import ContractError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace

# Names of columns in one warning.
SHOWN = 5
CODES = {
    (WordKind.NAME, Lang.EN): "words_lack_name_en",
    (WordKind.NAME, Lang.ZH): "words_lack_name_zh",
    (WordKind.DESCRIPTION, Lang.EN): "words_lack_description_en",
    (WordKind.DESCRIPTION, Lang.ZH): "words_lack_description_zh",
}


def word_warnings(settings: Settings, name: str | None = None) -> list[Notice]:
    """What one contract lacks, with its place; of all contracts, and of several, one line that sums them up.

    Contracts that are not valid are left out: their problems come first.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    project = open_workspace(settings).project
    if name is None:
        return [*_summary(project), *_domains(project)]
    try:
        contract = project.contract(name)
    except ContractError:
        return []
    return [_warning(project, contract, gap) for gap in word_gaps(contract, project.languages)]


def _warning(project: Project, contract: Contract, gap: WordGap) -> Notice:
    file = project.label(project.contract_path(contract.name))
    place = [column.name for column in contract.columns].index(gap.columns[0]) if gap.columns else None
    path = ("schema", 0) if place is None else ("schema", 0, "properties", place)
    line, column = read_document(contract.text, file).position(path)
    names = [contract.name] * gap.dataset + list(gap.columns)
    listed = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    facts = {"file": file, "line": line, "column": column, "count": len(names), "total": len(contract.columns) + 1}
    return Notice(CODES[gap.kind, gap.lang], {**facts, "names": listed})


def _summary(project: Project) -> Iterator[Notice]:
    contracts = project.valid_contracts()
    gaps = {name: list(word_gaps(contract, project.languages)) for name, contract in contracts.items()}
    counts = {name: sum(len(gap.columns) + gap.dataset for gap in found) for name, found in gaps.items() if found}
    if counts:
        most = max(counts, key=lambda name: counts[name])
        yield Notice("words_lack", {"datasets": len(counts), "total": len(contracts), "most": most, "count": counts[most]})


def _domains(project: Project) -> Iterator[Notice]:
    named = {contract.domain for contract in project.valid_contracts().values() if contract.domain}
    lacking = sorted(name for name in named if not set(project.languages) <= project.domain_titles.get(name, {}).keys())
    if lacking:
        listed = ", ".join(lacking[:SHOWN]) + (", …" if len(lacking) > SHOWN else "")
        yield Notice("words_lack_domains", {"count": len(lacking), "names": listed})
