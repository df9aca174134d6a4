"""Types of names and ids: tables, datasets, runs, batches."""

import hashlib
import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

RunId = NewType("RunId", str)
BatchId = NewType("BatchId", str)
Sha256 = NewType("Sha256", str)

# A dataset's name is a folder, a table, a DAG id and an SQL identifier at once: the strictest of these four decides.
DATASET_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Layer(StrEnum):
    """The layers of tables (docs/explanation/batch.md)."""

    REJECTS = "rejects"
    BRONZE = "bronze"
    SILVER = "silver"
    QUARANTINE = "quarantine"
    REPAIRS = "repairs"
    GOLD = "gold"
    CUBES = "cubes"
    GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """A table name, written `layer.name`."""

    layer: Layer
    name: str

    def __str__(self) -> str:
        return f"{self.layer}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> "TableName":
        """Read `layer.name`.

        Raises:
            ValueError: The layer is not one of `Layer`, or the name is not a dataset name.
        """
        layer, _, name = text.partition(".")
        if not DATASET_NAME.fullmatch(name):
            raise ValueError(text)
        return cls(Layer(layer), name)


@dataclass(frozen=True, slots=True)
class Relation:
    """A named relation in a session of an engine. The name is passed on as a value and never assumed."""

    name: str

    def __str__(self) -> str:
        return self.name


def sha256(content: bytes) -> Sha256:
    """The SHA-256 of the content, as 64 hex digits."""
    return Sha256(hashlib.sha256(content).hexdigest())


def new_run_id() -> RunId:
    """A random id of one execution of one flow over one dataset."""
    return RunId(str(uuid.uuid4()))


def batch_id(dataset: str, seq: int, start: int, end: int) -> BatchId:
    """Deterministic id from dataset, number and offsets, so that a rerun gives the same id."""
    return BatchId(str(uuid.uuid5(uuid.NAMESPACE_URL, f"lakeward:{dataset}:{seq}:{start}:{end}")))
