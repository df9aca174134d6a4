"""A project: the folder of a plant's contracts and suites, found at or above the current folder."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lakeward.contracts.checkpoint_targets import CheckpointTargets, read_checkpoint_targets
from lakeward.contracts.document import Document, Fault, read_document, read_text
from lakeward.contracts.lake_storage import LakeStorage, read_storage
from lakeward.contracts.lineage_door import LineageDoor, read_lineage_door
from lakeward.contracts.lineage_receiver import LineageReceiver, read_lineage_receiver
from lakeward.contracts.load import load_contract
from lakeward.contracts.model import Contract
from lakeward.contracts.portal_login import PortalLogin, read_portal_login
from lakeward.contracts.project_keys import DEFAULT_LATENCY_DAYS, GRADE_NAMES, KEYS, MAINTAIN_KEYS, MIN_GROUP_SIZE, RETENTION_DAYS
from lakeward.contracts.quotas import read_quotas
from lakeward.contracts.renames import RENAMES_FILE, read_renames
from lakeward.contracts.server_limits import DEFAULT_LIMITS, ServerLimits, read_server_limits
from lakeward.contracts.view import View
from lakeward.contracts.words import read_domain_titles
from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.errors import ContractError, SettingsError, UsageError
from lakeward.core.messages import Lang, Phrase
from lakeward.core.names import DATASET_NAME
from lakeward.core.settings import EMBEDDED
from lakeward.core.spelling import did_you_mean

PROJECT_FILE = PurePosixPath("expectations/project.yaml")
DATASETS = PurePosixPath("expectations/datasets")
CONTRACT_FILE = "contract.odcs.yaml"
# It is the namespace of lineage and of Airflow's assets, so it must be valid in a URL.
PROJECT_NAME = Phrase("phrase_project_name", most=63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The contracts and suites of one plant.

    Args:
        root: The project's folder, absolute.
        id: Tells projects of one name apart; empty for none.
        zone: IANA zone of the plant.
        lake: A folder, relative to `root` or absolute, or an object-store URL.
        roots: Allowed drop folders outside `root`, absolute.
        engine: Engine of its datasets; None for the default.
        retention_days: Days that a version of a table stays readable; `maintain` removes files of older ones.
        checkpoints: Where checkpoints of the logs go.
        quotas: Rows that an account may read, by period: `day`, `month`.
        server: Limits of `lakeward serve`.
        default_role: Role of readers who name none; None for no default.
        latency_days: Days after its last run from which a dataset without a latency of its own is late.
        oidc: File of the identity provider, absolute; None for none.
        storage: How the object store of a lake at a URL is reached.
        lineage_receiver: Where events of lineage are sent.
        highest_grade: The highest grade that the lake may hold.
        lineage_door: Where other programs send lineage events; None for nowhere.
        portal_login: Identity provider at which people log in to the portal; None for passwords alone.
        domain_titles: Domain -> its title by language.
        names: Names of its renamed datasets.
        min_group_size: Rows; a smaller count of a column is hidden from readers who may not see it in clear.
    """

    root: Path
    name: str
    zone: str
    id: str = ""
    languages: tuple[Lang, ...] = (Lang.EN, Lang.ZH)
    lake: str = "lake"
    roots: tuple[Path, ...] = ()
    engine: str | None = None
    retention_days: int = RETENTION_DAYS
    checkpoints: CheckpointTargets = field(default_factory=CheckpointTargets)
    quotas: Mapping[str, int] = field(default_factory=dict)
    server: ServerLimits = DEFAULT_LIMITS
    default_role: str | None = None
    min_group_size: int = MIN_GROUP_SIZE
    latency_days: int = DEFAULT_LATENCY_DAYS
    oidc: Path | None = None
    storage: LakeStorage = field(default_factory=LakeStorage)
    lineage_receiver: LineageReceiver = field(default_factory=LineageReceiver)
    highest_grade: str = GRADE_NAMES[0]
    lineage_door: LineageDoor | None = None
    portal_login: PortalLogin | None = None
    domain_titles: Mapping[str, Mapping[Lang, str]] = field(default_factory=dict)
    names: NameHistory = NOT_RENAMED

    @property
    def allowed_roots(self) -> tuple[Path, ...]:
        """The folders that drop folders must be in."""
        return (self.root, *self.roots)

    def engine_for(self, contract: Contract | None, override: str | None) -> str:
        """The engine from the environment, the contract or the project, in this order; the default is embedded."""
        return override or (contract.engine if contract else None) or self.engine or EMBEDDED

    def datasets(self) -> tuple[str, ...]:
        """Sorted names of the folders with a contract; no contract is read."""
        folder = self.root / DATASETS
        if not folder.is_dir():
            return ()
        # Each command and page asks for them: by `Path.glob`, 1,000 names hold the interpreter for 15 ms, so for 3.
        with os.scandir(folder) as entries:
            return tuple(sorted(each.name for each in entries if os.path.exists(f"{each.path}/{CONTRACT_FILE}")))  # noqa: PTH110 -- as above

    def contract(self, name: str) -> Contract:
        """The contract of dataset `name`.

        Raises:
            UsageError: The project has no such dataset.
            ContractError: Its contract is not valid.
        """
        path = self.contract_path(name)
        contract = load_contract(path, self.label(path), self.allowed_roots)
        if contract.name != name:
            raise ContractError(
                "contract_other_name", file=self.label(path), line=1, column=1, found=contract.name, expected=name
            )
        return contract

    def valid_contracts(self) -> dict[str, Contract]:
        """The contracts that are valid, by name; `lakeward contract lint` and `lakeward run` name the others."""
        found: dict[str, Contract] = {}
        for name in self.datasets():
            with suppress(ContractError):
                found[name] = self.contract(name)
        return found

    def contract_path(self, name: str) -> Path:
        """Path of the contract of dataset `name`.

        Raises:
            UsageError: The project has no such dataset.
        """
        path = self._folder(name) / CONTRACT_FILE
        if not DATASET_NAME.fullmatch(name) or not path.is_file():
            names = self.datasets()
            if name in (former := self.names.former()):
                raise UsageError("dataset_renamed", dataset=name, new=former[name])
            if not names:
                raise UsageError("project_without_datasets", dataset=name, project=self.name)
            raise UsageError("dataset_not_found", dataset=name, project=self.name, close=did_you_mean(name, names))
        return path

    def check_renamed(self) -> None:
        """Check that no dataset bears a name that a renamed one had.

        Raises:
            UsageError: One does: a renaming was cut off, or the name is taken.
        """
        for old, new in self.names.former().items():
            if self._folder(old).exists():
                raise UsageError(
                    "rename_unfinished", dataset=old, new=new, folder=self.label(self._folder(old)), file=RENAMES_FILE
                )

    def suite_path(self, name: str) -> Path:
        """Path of the suite of dataset `name`; the file need not exist."""
        return self._folder(name) / "suite.json"

    def model_path(self, name: str, sql: PurePosixPath) -> Path:
        """Path of the SELECT of gold dataset `name`.

        Raises:
            ContractError: The file does not exist, or a link leads out of the dataset's folder.
        """
        folder, path = self._folder(name), self._folder(name) / sql
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            raise ContractError(
                "contract_model_missing", file=self.label(folder / CONTRACT_FILE), line=1, column=1, found=str(sql)
            )
        return path

    def label(self, path: Path) -> str:
        """Name of a project file in messages: its path below the root."""
        return path.relative_to(self.root).as_posix()

    def _folder(self, name: str) -> Path:
        return self.root / DATASETS / name


def find_project(start: Path) -> Path:
    """The nearest folder at or above `start` that holds `expectations/project.yaml`.

    Raises:
        UsageError: There is none.
    """
    start = start.absolute()
    # The parents of `plant/../other` as text would lead back into `plant`.
    above = (start.resolve() if ".." in start.parts else start).parents
    for folder in (start, *above):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise UsageError("project_not_found", folder=start, expected=PROJECT_FILE)


def load_project(root: Path) -> Project:
    """Read `<root>/expectations/project.yaml`.

    Raises:
        UsageError: There is none.
        SettingsError: It is not valid; with the first place where it is not.
    """
    root = root.absolute()
    file = str(PROJECT_FILE)
    try:
        document = read_document(read_text(root / PROJECT_FILE, file), file)
    except FileNotFoundError:
        raise UsageError("project_not_found", folder=root, expected=file) from None
    except ContractError as error:
        raise SettingsError(error.code, **error.facts) from None
    return _project(root, document)


def _project(root: Path, document: Document) -> Project:
    faults: list[Fault] = [*document.faults]
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.allow_only(KEYS)
    upkeep = view.mapping("maintain")
    upkeep.allow_only(MAINTAIN_KEYS)
    project = Project(
        root=root,
        name=view.entry("name", PROJECT_NAME, _project_name) or "",
        id=view.entry("id", PROJECT_NAME, _project_name, "") or "",
        zone=view.zone("timezone"),
        languages=tuple(Lang(text) for text in view.texts("languages", tuple(Lang)) if _is_language(view, text)),
        lake=view.text("lake", "lake"),
        roots=tuple(Path(os.path.normpath(root / folder)) for folder in view.texts("roots")),
        engine=view.engine(),
        retention_days=upkeep.positive_integer("retention_days", RETENTION_DAYS),
        quotas=read_quotas(view.mapping("quotas")),
        server=read_server_limits(view.mapping("server")),
        checkpoints=read_checkpoint_targets(view.mapping("checkpoints"), root),
        default_role=_optional_text(view, "default_role"),
        min_group_size=view.entry("min_group_size", Phrase("phrase_whole_from", low=2), _group_size, MIN_GROUP_SIZE)
        or MIN_GROUP_SIZE,
        latency_days=view.positive_integer("latency_days", DEFAULT_LATENCY_DAYS),
        oidc=root / view.text("oidc", "") if view.values.get("oidc") else None,
        storage=read_storage(view.mapping("storage")),
        lineage_receiver=read_lineage_receiver(view.mapping("lineage_receiver")),
        domain_titles=read_domain_titles(view.mapping("domains")),
        highest_grade=view.entry("highest_grade", ", ".join(GRADE_NAMES), _grade_name, GRADE_NAMES[0]) or GRADE_NAMES[0],
        lineage_door=read_lineage_door(view),
        portal_login=read_portal_login(view, root),
        names=read_renames(root),
    )
    if faults:
        error = document.error(faults[0])
        raise SettingsError(error.code, **error.facts)
    return project


def _project_name(value: object) -> str | None:
    plain = isinstance(value, str) and value.replace("_", "").replace("-", "").isalnum() and value.isascii()
    return str(value) if plain and len(str(value)) <= 63 else None


def _group_size(value: object) -> int | None:
    return value if type(value) is int and value >= 2 else None


def _grade_name(value: object) -> str | None:
    return str(value) if value in GRADE_NAMES else None


def _is_language(view: View, text: str) -> bool:
    if text not in tuple(Lang):
        view.fail_value("languages", Phrase("phrase_list_among", names=", ".join(Lang)))
        return False
    return True


def _optional_text(view: View, key: str) -> str | None:
    return view.text(key, "") or None
