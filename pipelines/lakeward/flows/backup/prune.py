"""Removes old backups by a policy, and the contents that no backup has any more. What is kept stays whole: each backup names all of its own contents."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.probe import check_store
from lakeward.flows.backup.manifest import Manifest, origin_of
from lakeward.flows.backup.removal import alone_at, remove_objects, stored_contents
from lakeward.flows.backup.repository import MANIFESTS, BackupRepository, object_name, open_repository
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace

# What backups of one period have in common; times are those of their ids, in UTC.
_PERIODS: dict[str, Callable[[datetime], object]] = {
    "daily": lambda at: at.date(),
    "weekly": lambda at: at.isocalendar()[:2],
    "monthly": lambda at: (at.year, at.month),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePolicy:
    """Which backups are kept. The newest always is.

    Args:
        last: So many of the newest.
        daily, weekly, monthly: Of so many days, weeks or months that have backups, the newest ones, the newest backup of each, by UTC.
    """

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0

    def kept(self, backups: Iterable[Manifest]) -> frozenset[str]:
        """Ids of those of the backups that are kept."""
        newest_first = sorted((backup.id for backup in backups), reverse=True)
        kept = set(newest_first[: max(self.last, 1)])
        for name, period in _PERIODS.items():
            newest: dict[object, str] = {}
            for each in newest_first:
                newest.setdefault(period(_time(each)), each)
            kept.update([*newest.values()][: getattr(self, name)])
        return frozenset(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneAnswer:
    """What was removed, or would be.

    Args:
        place: Folder or URL.
        removed: Ids of the backups.
        kept: Ids of the project's backups that are there still, oldest first.
        locked: Those of them that the policy does not ask for: their time, set when they were made, is not over, or a lock of the store keeps them.
        objects: Stored contents that no backup had any more.
        bytes: Their bytes.
        done: Whether anything was removed.
    """

    place: str
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    locked: tuple[str, ...]
    objects: int
    bytes: int
    done: bool

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward backup prune --json`."""
        return fields_of(self)


def prune_backups(settings: Settings, address: str, policy: PrunePolicy, *, dry_run: bool = False) -> PruneAnswer:
    """Remove the backups of this lake that the policy does not keep; those of other lakes at the place are left, of the same name too.

    Args:
        address: Folder or URL of the backups.
        dry_run: Remove nothing.

    Raises:
        UsageError: The policy says nothing, it is no place of backups, or there is no project here.
        DataError: A manifest is damaged: what it names is not known, so nothing is removed.
        StoreConflictError: Another process took the place over from this one, as it was not heard of.
        MachineError: The place can't be read or written, or its store can't keep two programs apart.
    """
    if policy == PrunePolicy():
        raise UsageError("prune_without_policy")
    workspace = open_workspace(settings)
    project = workspace.project
    repository = open_repository(settings, address, project)
    repository.manifest_names()  # says so where there is none
    check_store(repository.place)
    with alone_at(repository) as lease:
        stored = {f"{MANIFESTS}/{name}": repository.manifest(name) for name in repository.manifest_names()}
        own = {name: each for name, each in stored.items() if each.origin == origin_of(project.name, workspace.lake)}
        wanted, now = policy.kept(own.values()), datetime.now(UTC)
        going = {name for name, each in own.items() if each.id not in wanted and not _is_kept(each, now)}
        if not dry_run:
            lease.check_now()
            going -= {*remove_objects(repository, going)}  # the backups first: one that is there has all its contents
        objects = _unused(repository, (each for name, each in stored.items() if name not in going))
        if not dry_run:
            lease.check_now()
            refused = {*remove_objects(repository, map(object_name, objects))}
            objects = {sha256: size for sha256, size in objects.items() if object_name(sha256) not in refused}
    staying = tuple(each.id for name, each in own.items() if name not in going)
    return PruneAnswer(
        place=str(repository.place),
        removed=tuple(each.id for name, each in own.items() if name in going),
        kept=staying,
        locked=tuple(each for each in staying if each not in wanted),
        objects=len(objects),
        bytes=sum(objects.values()),
        done=not dry_run and bool(going or objects),
    )


def _unused(repository: BackupRepository, staying: Iterable[Manifest]) -> dict[str, int]:
    """Hash -> bytes of each content that no backup names, also of those that a backup which was cut off has stored."""
    used = {file.sha256 for each in staying for file in each.files}
    return {sha256: size for sha256, size in stored_contents(repository).items() if sha256 not in used}


def _is_kept(backup: Manifest, now: datetime) -> bool:
    until = max(filter(None, (backup.locked_until, backup.kept_until)), default=None)
    return until is not None and datetime.fromisoformat(until) > now


def _time(backup: str) -> datetime:
    return datetime.strptime(backup[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
