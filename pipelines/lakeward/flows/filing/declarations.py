"""What people declare for the catalogue of important data: the processor, and per dataset what no table says."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakeward.contracts.document import Fault, read_document, read_text, safe_repr
from lakeward.contracts.project import Project
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean

DECLARATIONS_FILE = "expectations/policies/catalogue.yaml"
# Letters of a purpose (MH/T 3039-2025, annex D).
LONGEST_PURPOSE = 300
KEYS: Mapping[str, KeyDoc] = {
    "processor": KeyDoc("mapping", "Who processes the data: mapping of the keys below.", required=True),
    "datasets": KeyDoc("mapping", "Dataset -> a mapping of the keys below.", "none"),
}
PROCESSOR_KEYS: Mapping[str, KeyDoc] = {
    "name": KeyDoc("text", "Legal name of the processor.", required=True),
    "uscc": KeyDoc("text", "Its unified social credit code; its check character is tested.", required=True),
    "address": KeyDoc("text", "Its address.", "none"),
    "legal_representative": KeyDoc("text", "Its legal representative.", "none"),
    "security_officer": KeyDoc("text", "Officer for data security.", required=True),
    "security_body": KeyDoc("text", "Body for data security.", "none"),
    "contact": KeyDoc("text", "How the officer is reached.", required=True),
    "critical_infrastructure": KeyDoc("true or false", "Whether it operates critical information infrastructure.", "false"),
    "protection_level": KeyDoc("text", "Level of cybersecurity protection (等保) of its systems.", "none"),
}
DATASET_KEYS: Mapping[str, KeyDoc] = {
    "name": KeyDoc("text", "Name of the data in the filing.", "purpose of the contract, then the dataset's name"),
    "source": KeyDoc("text", "How the data are obtained: own production, collection, purchase, sharing.", "none: not complete"),
    "basis": KeyDoc(
        "text", "Rule or notice by which the data count as important, and who said so and when.", "none: not complete"
    ),
    "carrier": KeyDoc(
        "text", "Medium and system; whether it is connected to the internet.", "the Delta table, and where it lies"
    ),
    "purpose": KeyDoc("text", f"Why the data are processed; at most {LONGEST_PURPOSE} letters.", "none: not complete"),
    "methods": KeyDoc("list of texts", "What is done: 收集, 存储, 使用, 加工, 传输, 提供, 公开, 销毁.", "none: not complete"),
    "scope": KeyDoc("text", "Departments and systems that use the data; roles are added from the policy.", "the roles"),
    "sharing": KeyDoc("list", "Recipients: mappings of the keys below. `[]` states that there is none.", "none: not complete"),
    "cross_border": KeyDoc(
        "list", "Transfers abroad: mappings of the keys below. `[]` states that there is none.", "none: not complete"
    ),
    "measures": KeyDoc("list of texts", "Protection beside what the policy and the log say.", "the policy and the log"),
    "storage_place": KeyDoc("text", "Where the data are stored.", "none: not complete"),
    "storage_period": KeyDoc("text", "How long they are stored.", "none: not complete"),
    "review": KeyDoc("text", "Number of the review of core data that move to another entity.", "none"),
    "succession": KeyDoc("text", "Plan and receiver on merger or dissolution.", "none"),
    "supersedes": KeyDoc("list of texts", "Datasets that were merged into this one.", "none"),
}
SHARING_KEYS: Mapping[str, KeyDoc] = {
    "recipient": KeyDoc("text", "Who gets the data.", required=True),
    "kind": KeyDoc("text", "`provide`, `entrust` or `joint`.", required=True),
    "contract": KeyDoc("text", "Number of the contract.", "none"),
    "assessment": KeyDoc("text", "Number of the risk assessment before it.", "none"),
}
BORDER_KEYS: Mapping[str, KeyDoc] = {
    "destination": KeyDoc("text", "Country or region, and recipient.", required=True),
    "assessment": KeyDoc("text", "Number of the security assessment.", "none"),
}
KINDS = {"provide": "提供", "entrust": "委托处理", "joint": "共同处理"}
NONE = "无"
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Declarations:
    """What is declared; texts as they are filed.

    Args:
        processor: Key -> text of the head.
        datasets: Dataset -> key -> text.
        supersedes: Dataset -> datasets that were merged into it.
        moving: Datasets that go to another entity.
    """

    processor: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    supersedes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    moving: frozenset[str] = frozenset()


def read_declarations(project: Project, known: Collection[str]) -> Declarations:
    """Read the project's file; empty if there is none.

    Args:
        known: Datasets that may be declared: those of the project, and those that were in the catalogue before.

    Raises:
        DefinitionError: It is not valid; the first fault is reported with its line.
    """
    path = project.root / DECLARATIONS_FILE
    if not path.is_file():
        return Declarations()
    try:
        document = read_document(read_text(path, DECLARATIONS_FILE), DECLARATIONS_FILE)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    faults: list[Fault] = [*document.faults]
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    found = _declarations(view, known)
    if faults:
        first = document.error(min(faults, key=lambda fault: document.position(fault.key_path)))
        raise DefinitionError(first.code, **first.facts)
    return found


def _declarations(view: View, known: Collection[str]) -> Declarations:
    view.allow_only(KEYS)
    datasets = view.mapping("datasets")
    texts, supersedes, moving = {}, {}, set()
    for name in datasets.values:
        if name not in known:
            datasets.fail(name, "filing_dataset_unknown", found=safe_repr(name), close=did_you_mean(str(name), known))
        own = datasets.mapping(name)
        texts[name] = _dataset(own)
        supersedes[name] = own.texts("supersedes")
        if own.values.get("sharing"):
            moving.add(name)
    return Declarations(_processor(view.mapping("processor")), texts, supersedes, frozenset(moving))


def _processor(view: View) -> dict[str, str]:
    view.allow_only(PROCESSOR_KEYS)
    view.entry("uscc", Phrase("phrase_uscc"), _uscc)
    texts = {
        key: view.text(key) if doc.required else view.text(key, "")
        for key, doc in PROCESSOR_KEYS.items()
        if key != "critical_infrastructure"
    }
    return {**_present(texts), "critical_infrastructure": "是" if view.flag("critical_infrastructure") else "否"}


def _dataset(view: View) -> dict[str, str]:
    view.allow_only(DATASET_KEYS)
    plain = ("name", "source", "basis", "carrier", "scope", "storage_place", "storage_period", "review", "succession")
    texts = {key: view.text(key, "") for key in plain}
    texts["purpose"] = view.entry("purpose", Phrase("phrase_text_of", most=LONGEST_PURPOSE), _purpose, "") or ""
    for key in ("methods", "measures", "supersedes"):
        texts[key] = "；".join(view.texts(key))
    if "sharing" in view.values:
        texts["sharing"] = "；".join(map(_sharing, view.mappings("sharing"))) or NONE
    if "cross_border" in view.values:
        texts["cross_border"] = "；".join(map(_border, view.mappings("cross_border"))) or NONE
    return _present(texts)


def _sharing(view: View) -> str:
    view.allow_only(SHARING_KEYS)
    kind = view.entry("kind", ", ".join(KINDS), lambda found: KINDS.get(found) if isinstance(found, str) else None) or ""
    parts = [f"{kind}：{view.text('recipient')}", *_numbers(view, contract="合同", assessment="风险评估")]
    return "，".join(parts)


def _border(view: View) -> str:
    view.allow_only(BORDER_KEYS)
    return "，".join([view.text("destination"), *_numbers(view, assessment="安全评估")])


def _numbers(view: View, **labels: str) -> list[str]:
    return [f"{label} {text}" for key, label in labels.items() if (text := view.text(key, ""))]


def _present(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: text.strip() for key, text in texts.items() if text.strip()}


def _purpose(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= LONGEST_PURPOSE else None


def _uscc(value: Any) -> str | None:
    """The code if its check character is right (GB 32100-2015)."""
    if not isinstance(value, str) or len(value) != 18 or set(value) - set(_USCC):
        return None
    total = sum(_USCC.index(letter) * pow(3, place, 31) for place, letter in enumerate(value[:17]))
    return value if _USCC[-total % 31] == value[17] else None
