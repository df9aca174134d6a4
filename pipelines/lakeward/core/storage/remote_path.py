"""Folders and files of a lake in an object store, with the methods of `pathlib.Path` that tables need."""

from dataclasses import dataclass
from pathlib import Path

from lakeward.core.storage.bucket import CopiedBucket
from lakeward.core.storage.options import StoreOptions


@dataclass(frozen=True, slots=True)
class RemotePath:
    """A folder or file; as text it is its URL.

    Args:
        key: Below the lake, without slashes at its ends; empty for the lake itself.
    """

    store: CopiedBucket
    options: StoreOptions
    key: str = ""

    def __str__(self) -> str:
        return f"{self.store.url}/{self.key}" if self.key else self.store.url

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemotePath) and str(self) == str(other)

    def __truediv__(self, name: str, /) -> "RemotePath":
        return RemotePath(self.store, self.options, f"{self.key}/{name}" if self.key else name)

    @property
    def name(self) -> str:
        """The last part."""
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> "RemotePath":
        """The folder."""
        return RemotePath(self.store, self.options, self.key.rpartition("/")[0])

    def is_dir(self) -> bool:
        """Whether there is an object in the folder itself."""
        return bool(self.store.list_names(self.key))

    def exists(self) -> bool:
        """Whether there is an object of this name."""
        return self.store.exists(self.key)

    def read_text(self, encoding: str) -> str:
        """The text of the object.

        Raises:
            FileNotFoundError: It does not exist.
        """
        data = self.store.read(self.key)
        if data is None:
            raise FileNotFoundError(str(self))
        return data.decode(encoding)

    def unlink(self, *, missing_ok: bool) -> None:
        """Remove the object; whether it exists makes no difference in an object store, so `missing_ok` must be true."""
        assert missing_ok
        self.store.delete(self.key)

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None:
        """Do nothing: an object store has no folders."""


# Where tables and their files lie.
LakePath = Path | RemotePath
