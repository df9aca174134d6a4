"""`sources.opening`: the implementation follows from the class of the contract's source."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from lakeward.contracts.load import parse_contract
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.source import ContractSource, FileDropSource
from lakeward.core.clock import SystemClock
from lakeward.core.errors import UsageError
from lakeward.sources import FileDrop, open_source
from lakeward.sources.opening import Landing
from support.contract_texts import OEE, PRESS


@dataclass(frozen=True)
class Premises:
    """A project's folders."""

    root: Path = Path("plant")
    roots: tuple[Path, ...] = ()


def opened(text):
    return open_source(parse_contract(text, "contract"), Premises(), Landing(Path("landing")), SystemClock(), lambda _: None)


def test_a_drop_folder_is_opened_with_the_format_of_its_files():
    source = opened(PRESS)
    assert isinstance(source, FileDrop)
    assert isinstance(source.source, FileDropSource)
    assert (source.dataset, source.format, source.landed_folder) == ("press_line", FileFormat.CSV, Path("landing/press_line"))


def test_a_gold_dataset_has_no_source():
    with pytest.raises(UsageError) as refused:
        opened(OEE)
    assert refused.value.code == "dataset_has_no_source"


def test_every_kind_of_source_bounds_its_batches_and_keeps_its_files_for_a_time():
    kinds = get_args(ContractSource) or (ContractSource,)
    assert FileDropSource in kinds
    for kind in kinds:
        assert {"limit_bytes", "retention_days"} <= set(kind.__dataclass_fields__)
