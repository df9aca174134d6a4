"""Where a lake lies: its tables in a folder or an object store, and what belongs to this machine in a folder."""

from dataclasses import dataclass, replace
from pathlib import Path

from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.names import TableName
from lakeward.core.storage.bucket import BucketStore, CopiedBucket
from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.options import StoreOptions
from lakeward.core.storage.remote_path import LakePath, RemotePath

# Folder, among the files of this machine, of copies of what a lake in an object store holds.
COPIES = "copies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lake:
    """Where a lake lies; as text it is its folder or URL.

    Args:
        address: Absolute folder, or `s3://bucket/prefix`, or `az://container/prefix`.
        files: Folder of this machine: of a lake in a folder the lake itself, of others that of work files, lock files and copies.
        options: How to reach the object store; None for a folder.
        names: Names of renamed datasets, whose tables lie under their first names.
    """

    address: str
    files: Path
    options: StoreOptions | None = None
    names: NameHistory = NOT_RENAMED

    @classmethod
    def in_folder(cls, folder: str) -> "Lake":
        """The lake in this folder."""
        return cls(address=folder, files=Path(folder).absolute())

    def __str__(self) -> str:
        return self.address

    def root(self) -> LakePath:
        """The place of its tables.

        Raises:
            MachineError: The extra of the store is missing.
        """
        bucket = self.bucket()
        return RemotePath(bucket, self.options) if bucket and self.options else self.files

    def as_stored(self) -> "Lake":
        """The lake with all names as they are stored, for what must read records as they were written."""
        return replace(self, names=NOT_RENAMED)

    def table_folder(self, table: TableName) -> LakePath:
        """Where a table lies, by any name that its dataset has or had."""
        stored = self.names.stored_table(table)
        return self.root() / stored.layer / stored.name

    def bucket(self) -> CopiedBucket | None:
        """Its objects in an object store; None of a lake in a folder. Raises as `root`."""
        return CopiedBucket(self.address, self.options, self.files / COPIES) if self.options else None


def store_of(root: LakePath) -> FolderStore | BucketStore:
    """The objects below a lake's place."""
    return root.store if isinstance(root, RemotePath) else FolderStore(root)
