"""What is asked of a migration, and what it answers."""

from dataclasses import dataclass

from lakeward.flows.backup.replay import LakeReplay
from lakeward.flows.backup.upgrade import TableChange
from lakeward.flows.base.answers import fields_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationOptions:
    """What to migrate.

    Args:
        to: Folder or URL to move the lake to; None to upgrade it where it lies.
        dry_run: Change nothing.
        undo: Take the last migration back.
        verify: Count rows again, and compute scores again.
    """

    to: str | None = None
    dry_run: bool = False
    undo: bool = False
    verify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationAnswer:
    """A migration, or what one would do.

    Args:
        from_version, to_version: Versions of the governance tables before and after it.
        from_place, to_place: Where the lake lies before and after it.
        changes: Columns that it adds.
        tables: Number of tables.
        files: Number of files that it writes at another place.
        bytes: Bytes of these files.
        done: Whether anything was changed.
        project_changed: Whether `project.yaml` names the new place now.
        replay: What `--verify` found; None without it.
    """

    from_version: int
    to_version: int
    from_place: str
    to_place: str
    changes: tuple[TableChange, ...]
    tables: int
    files: int
    bytes: int
    done: bool
    project_changed: bool
    replay: LakeReplay | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward migrate --json`."""
        return fields_of(self)
