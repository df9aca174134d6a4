"""Drafts of JSON lines with many keys: each key is a column, or the file is refused."""

import json
import subprocess

import pytest

from lakeward.contracts.batch import MAX_UNKNOWN_KEYS
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows import create_project, draft_dataset, ingest_dataset


@pytest.fixture
def settings(tmp_path):
    return Settings(start=create_project(tmp_path / "plant"))


def json_lines(file, records):
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def test_every_key_becomes_a_column(settings, tmp_path):
    names = [f"c{number}" for number in range(150)]
    first, other = ({name: place * 1.5 + row for place, name in enumerate(names[row : row + 149])} for row in (0, 1))
    file = json_lines(tmp_path / "wide.jsonl", [first, other])
    contract = (draft_dataset(settings, "wide", file) / "contract.odcs.yaml").read_text()
    assert [name for name in names if f'- name: "{name}"' not in contract] == []
    counts = ingest_dataset(settings, "wide").counts
    assert (counts.rows_in, counts.silver) == (2, 2)


def test_keys_that_are_ids_are_refused_with_the_command_that_makes_them_values(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = [{f"order-{row * 100 + number}": number for number in range(100)} for row in range(MAX_UNKNOWN_KEYS // 100)]
    with pytest.raises(UsageError) as refused:
        draft_dataset(settings, "orders", json_lines(tmp_path / "my orders.jsonl", records))
    assert (refused.value.code, refused.value.facts["limit"]) == ("sample_many_keys", MAX_UNKNOWN_KEYS)
    subprocess.run(str(refused.value.facts["command"]), shell=True, check=True)
    assert draft_dataset(settings, "orders", tmp_path / "records.jsonl").is_dir()
