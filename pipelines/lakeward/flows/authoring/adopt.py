"""Takes an ODCS contract that someone else wrote into the project: what Lakeward needs beside it is asked for, or inferred and marked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lakeward.contracts.adopt import Adoption, AdoptionNote, adopt_document, dataset_name, object_names, time_columns
from lakeward.contracts.document import Document, read_document, read_text
from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Contract
from lakeward.contracts.record_format import DELIVERED_FORMATS, FileFormat
from lakeward.contracts.secrets import secret_faults
from lakeward.contracts.standard import standard_faults
from lakeward.core.errors import ContractError, SuiteError, UsageError
from lakeward.core.names import DATASET_NAME
from lakeward.core.settings import Settings
from lakeward.flows.authoring.new import put_sample
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.profiling import Profile, profile_file
from lakeward.profiling.suite_text import GX_VERSION
from lakeward.quality.suite import load_rules

HEADER = "# Adopted from {file}. CHECK what `source` says of the files, and what `lakeward contract adopt` told.\n"
FORMATS = DELIVERED_FORMATS


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionOptions:
    """What a person adds to the contract.

    Args:
        name: Of the dataset; None: that of the contract or its object.
        object_name: Which object of several.
        sample: A file as it is received; its form becomes that of the source.
        format: Of the files, where there is no sample.
        time: The column that says when a row happened.
        key: Columns of the key.
    """

    name: str | None = None
    object_name: str | None = None
    sample: Path | None = None
    format: str | None = None
    time: str | None = None
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedContract:
    """A contract that runs here.

    Args:
        dataset: Name of the dataset.
        folder: Folder of its contract and suite.
        notes: What was added, read otherwise, or left, each as a message.
    """

    dataset: str
    folder: Path
    notes: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """`dataset, folder, notes`."""
        return fields_of(self)


def adopt_contract(settings: Settings, file: Path, options: AdoptionOptions | None = None) -> AdoptedContract:
    """Write `expectations/datasets/<name>/` from the contract in `file`.

    Raises:
        UsageError: There is no such file, object, column or format, or the dataset's name is taken.
        ContractError: The file is no ODCS contract, or one that can't be brought to run here.
    """
    workspace, asked = open_workspace(settings), options or AdoptionOptions()
    document = _read_standard(file)
    name, object_name = _choose_names(workspace, document.data, file, asked)
    adoption = adopt_document(document.data, object_name, name, asked.key)
    profile = _profile(workspace, asked.sample)
    notes = [*_add_source(adoption, workspace, profile, asked), *_add_times(adoption, asked)]
    if not any(column.get("primaryKey") for column in adoption.columns):
        notes.append(AdoptionNote("adopt_no_key", {"dataset": name}))
    text = HEADER.format(file=file.name) + yaml.safe_dump(adoption.document, sort_keys=False, allow_unicode=True, width=120)
    contract = parse_contract(text, f"{file.name} (adopted)")
    left = _keep_judgeable(adoption, contract)
    folder = workspace.project.root / "expectations" / "datasets" / name
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(text, encoding="utf-8")
    (folder / "suite.json").write_text(_suite_text(name, adoption.expectations), encoding="utf-8")
    (workspace.project.root / "inbox" / name).mkdir(parents=True, exist_ok=True)
    if asked.sample:
        put_sample(workspace, name, asked.sample)
    found = [Notice(note.code, note.facts) for note in (*notes, *adoption.notes, *left)]
    return AdoptedContract(dataset=name, folder=folder, notes=tuple(found))


def _suite_text(name: str, expectations: list[dict[str, Any]]) -> str:
    suite = {"name": name, "expectations": expectations, "meta": {"great_expectations_version": GX_VERSION}}
    return json.dumps(suite, ensure_ascii=False, indent=2, default=str) + "\n"


def _read_standard(file: Path) -> Document:
    if not file.exists() or file.is_dir():
        raise UsageError("contract_not_found", file=file)
    document = read_document(read_text(file, str(file)), str(file))
    data = document.data
    is_contract = isinstance(data, dict) and data.get("kind") == "DataContract" and isinstance(data.get("schema"), list)
    if not is_contract or not str(data.get("apiVersion", "")).startswith("v3"):
        raise ContractError("contract_not_odcs", file=file)
    faults = [*document.faults, *secret_faults(data), *standard_faults(data)]
    if faults:
        raise document.error(min(faults, key=lambda fault: document.position(fault.key_path)))
    return document


def _choose_names(workspace: Workspace, data: Mapping[str, Any], file: Path, asked: AdoptionOptions) -> tuple[str, str]:
    objects = object_names(data)
    chosen = asked.object_name or (objects[0] if len(objects) == 1 else None)
    if chosen not in objects:
        raise UsageError("adopt_objects", file=file, found=asked.object_name or len(objects), objects=", ".join(objects) or "-")
    own_names = [str(data.get("name") or ""), chosen] if len(objects) == 1 else [chosen]
    name = asked.name or dataset_name(*own_names)
    if not DATASET_NAME.fullmatch(name):
        raise UsageError("dataset_name_invalid", found=name)
    folder = workspace.project.root / "expectations" / "datasets" / name
    if folder.exists():
        raise UsageError("dataset_exists", dataset=name, folder=folder)
    return name, chosen


def _profile(workspace: Workspace, sample: Path | None) -> Profile | None:
    if sample is None:
        return None
    if not sample.is_file():
        raise UsageError("sample_not_found", file=sample)
    with workspace.engine() as engine:
        return profile_file(engine, sample)


def _add_source(
    adoption: Adoption, workspace: Workspace, profile: Profile | None, asked: AdoptionOptions
) -> Iterator[AdoptionNote]:
    """Where batches come from: as the sample is, else as the person or a server of the contract says, else delimited text."""
    name, zone = adoption.document["name"], workspace.project.zone
    servers = adoption.document.get("servers") or ()
    by_server = next((str(s.get("format")).lower() for s in servers if str(s.get("format")).lower() in FORMATS), None)
    if asked.format is not None and asked.format not in FORMATS:
        raise UsageError("adopt_format", found=asked.format, expected=", ".join(FORMATS))
    form = profile.record_format.format if profile else FileFormat(asked.format or by_server or FileFormat.CSV)
    pattern = f"**/*{profile.suffix}" if profile else f"**/*.{form}"
    source: dict[str, Any] = {"path": f"inbox/{name}", "pattern": pattern, "format": str(form), "timezone": zone}
    if profile:
        source |= _form_of(profile)
    custom = [item for item in adoption.document.get("customProperties") or () if item.get("property") not in ("source", "model")]
    adoption.document["customProperties"] = [*custom, {"property": "source", "value": source}]
    if not any(item.get("property") == "dataClass" for item in custom):
        adoption.document["customProperties"].append({"property": "dataClass", "value": "production"})
    yield AdoptionNote("adopt_source", {"path": source["path"], "pattern": pattern, "format": str(form), "zone": zone})
    if profile:
        yield from _missing_columns(adoption, profile)


def _form_of(profile: Profile) -> dict[str, Any]:
    form = profile.record_format
    if form.format is FileFormat.PARQUET:
        return {}
    if form.format is FileFormat.XLSX:
        return {"headerRow": form.header_row, "headerRows": form.header_rows} | ({"sheet": form.sheet} if form.sheet else {})
    text = {"encoding": form.encoding, "nulls": list(form.nulls)}
    if form.format is FileFormat.JSONL:
        return text
    return text | {"delimiter": form.delimiter, "quote": form.quote, "escape": form.escape, "decimal": form.decimal}


def _missing_columns(adoption: Adoption, profile: Profile) -> Iterator[AdoptionNote]:
    """Columns of the contract that the sample does not have; one that differs in case alone takes the file's name."""
    headers = {column.source_name for column in profile.columns}
    folded = {header.casefold(): header for header in headers}
    for column in adoption.columns:
        name = column.get("physicalName") or column["name"]
        if name in headers:
            continue
        near = folded.get(name.casefold()) or folded.get(str(column["name"]).casefold())
        if near:
            column["physicalName"] = near
            adoption.change(f"schema.{column['name']}.physicalName", name, near)
        else:
            yield AdoptionNote("adopt_not_in_sample", {"column": column["name"], "name": name})


def _add_times(adoption: Adoption, asked: AdoptionOptions) -> Iterator[AdoptionNote]:
    candidates = time_columns(adoption)
    if asked.time and asked.time not in candidates:
        raise UsageError("adopt_time", found=asked.time, expected=", ".join(candidates) or "-")
    custom = adoption.document["customProperties"]
    if any(item.get("property") == "timeColumn" for item in custom):
        return
    chosen = asked.time or (candidates[0] if len(candidates) == 1 else None)
    if chosen:
        custom.append({"property": "timeColumn", "value": chosen})
        yield AdoptionNote("adopt_time_column", {"column": chosen})
    else:
        yield AdoptionNote("adopt_no_time", {"columns": ", ".join(candidates) or "-"})


def _keep_judgeable(adoption: Adoption, contract: Contract) -> list[AdoptionNote]:
    """Leave out expectations that can't be judged, such as a pattern that is none in Python; each is named."""
    kept, left = [], []
    for entry in adoption.expectations:
        try:
            load_rules(contract, json.dumps({"expectations": [entry]}), "suite")
        except SuiteError:
            left.append(AdoptionNote("adopt_left", {"place": entry["kwargs"].get("column", "schema"), "key": entry["type"]}))
        else:
            kept.append(entry)
    adoption.expectations[:] = _distinct(kept)
    return left


def _distinct(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each expectation with an id of its own: two promises may be of one type and column."""
    used: dict[str, int] = {}
    seen: set[str] = set()
    for entry in entries:
        text = json.dumps(entry, sort_keys=True)
        if text in seen:
            continue
        seen.add(text)
        id_ = f"{entry['type'].removeprefix('expect_')}:{entry['kwargs'].get('column', '')}"
        used[id_] = used.get(id_, 0) + 1
        yield entry if used[id_] == 1 else {**entry, "meta": {"lakeward": {"id": f"{id_}#{used[id_]}"}}}
