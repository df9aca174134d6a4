"""The open portal of a project: its read model, its log-ins, and the evidence of its numbers."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from lakeward.core.errors import LakewardError, MachineError, PolicyError, UsageError
from lakeward.core.evidence import Evidence
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.flows.base.login_provider import login_provider
from lakeward.flows.base.policy_file import read_policy_file
from lakeward.flows.base.sessions import PORTAL_FOLDER, SessionStore
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.filing.catalogue import CatalogueReport
from lakeward.flows.lineage.impact import FieldDetails
from lakeward.flows.portal.actions import PortalActions
from lakeward.flows.portal.kept import KeptAnswer
from lakeward.flows.portal.logins import Logins
from lakeward.flows.portal.read_model import ReadModel
from lakeward.flows.portal.reading import ModelReading
from lakeward.flows.portal.sign_in import SignIns
from lakeward.flows.portal.token_holders import TokenHolder, token_holder
from lakeward.flows.serving.login_log import LoginLog
from lakeward.protection.load import role_titles
from lakeward.scorecard.figures import Figure, parse_figure_id

log = logging.getLogger(__name__)


class Portal:
    """The open portal; to be closed.

    Args:
        logins: Who may log in, and who has.
        sign_ins: Log-ins at the identity provider of the project; None where it names none.
        important: The catalogue of important data, as `read_important` computed it last.
        field_details: What `read_impact` knows of fields.
        actions: What people do, one at a time.
        name: Name of the project.
        zone: IANA zone in which times are shown.
        languages: Languages of the plant, the first one first.
    """

    def __init__(self, workspace: Workspace) -> None:
        provider = login_provider(workspace)
        folder = private_folder(workspace.project.root)
        self._workspace = workspace
        self._model = ReadModel(workspace, folder)
        self._sessions = SessionStore(folder)
        self.important: KeptAnswer[CatalogueReport] = KeptAnswer()
        self.field_details: KeptAnswer[FieldDetails] = KeptAnswer()
        self._log = LoginLog(workspace)
        self.logins = Logins(workspace, self._sessions, self._log)
        self.sign_ins = SignIns(provider, self.logins, workspace.clock) if provider else None
        self.actions = PortalActions(workspace, self.logins, self.refresh)
        self.name, self.zone, self.languages = workspace.project.name, workspace.project.zone, workspace.project.languages

    def close(self) -> None:
        """Close its files, so that another process can open the portal."""
        try:
            self._log.close()
        except LakewardError as error:  # the entries lie on the disk; who opens the lake next commits them
            log.warning("log-ins are not committed yet", extra={"code": error.code})
        self._sessions.close()
        self._model.close()

    def refresh(self) -> bool:
        """Take over what changed in the lake; whether anything did. Log-ins are committed, once a minute at most."""
        try:
            self._log.commit_waiting()
        except LakewardError as error:  # they stay on the disk until the next try
            log.warning("log-ins are not committed yet", extra={"code": error.code})
        return self._model.refresh()

    def read(self, as_of: datetime | None = None) -> AbstractContextManager[ModelReading]:
        """One reading: all its numbers are of the same versions.

        Args:
            as_of: Time of ages; None for now.
        """
        return self._model.read(as_of)

    @property
    def settings(self) -> Settings:
        """The settings of what is read for no one: no value of a row."""
        return self._workspace.settings

    @property
    def state(self) -> int:
        """Raised whenever what is read changes: tables, contracts, glossary."""
        return self._model.state

    @property
    def checked_at(self) -> datetime | None:
        """Time of the last look at the lake that succeeded."""
        return self._model.checked_at

    @property
    def fault(self) -> LakewardError | None:
        """Why the lake could not be read since; None if it could."""
        return self._model.fault

    def role_titles(self) -> Mapping[str, Mapping[str, str]]:
        """Role -> its title by language; none where the policy can't be read."""
        try:
            return role_titles(*read_policy_file(self._workspace.project))
        except PolicyError:
            return {}

    def holder_of(self, token: str) -> TokenHolder:
        """The account of an access token.

        Raises:
            ProtectionError: The token is not valid, or its account is of an outside party.
            MachineError: The register can't be read.
        """
        return token_holder(self._workspace, token)

    def reproduce(self, sql: str, versions: Mapping[str, int]) -> Evidence:
        """Run the query of a figure again on the lake, at these versions of its tables; one at a time.

        Raises:
            UsageError: A version is not kept any more.
            MachineError: The lake can't be read.
        """
        at = {TableName.parse(table): version for table, version in versions.items()}

        def read() -> Evidence:
            with self._workspace.engine() as engine:
                rows = engine.fetch(sql, at=at)
            return Evidence(sql, versions, rows[0]["value"] if rows else None)

        return self.actions.read_alone(read)


def open_portal(settings: Settings) -> Portal:
    """Open the portal of the project at or above `settings.start`.

    Raises:
        UsageError: There is no project, or another portal of the project runs.
        SettingsError: `project.yaml` is not valid, or the secret of the identity provider is not set.
        MachineError: The project's folder can't be written, or the extra `portal-oidc` is needed and not installed.
    """
    return Portal(open_workspace(replace(settings, token=None)))  # who starts it reads nothing in it


def find_figure(reading: ModelReading, name: str) -> Figure:
    """A number of the portal with its evidence.

    Args:
        name: Its id, as its address has it.

    Raises:
        UsageError: There is no such number.
    """
    try:
        family, key, column = parse_figure_id(name)
    except ValueError:
        raise UsageError("portal_no_figure", figure=name) from None
    found = reading.family(family, *key)
    if found is None or len(key) != len(found.family.keys) or column not in found.family.numbers or not found.rows:
        raise UsageError("portal_no_figure", figure=name)
    value = found.rows[0][column]
    return Figure(name, value, Evidence(found.family.figure_query(key, column), found.versions, value))


def private_folder(root: Path) -> Path:
    """The portal's folder in the project, readable only by its owner and ignored by Git.

    Raises:
        MachineError: It can't be made.
    """
    folder = root / PORTAL_FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        (folder / ".gitignore").write_text("*\n", encoding="ascii")
    except OSError as error:
        raise MachineError("portal_folder_not_writable", folder=folder, found=error.strerror) from None
    return folder
