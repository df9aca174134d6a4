"""Columns by the names of a contract, when data is checked by the suite that lies beside it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.load import parse_contract
from lakeward.core.names import Relation
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.flows.checking.subject import CheckSubject

CONTRACT = "contract.odcs.yaml"


def apply_contract_names(engine: Engine, subject: CheckSubject, suite: Path | None) -> CheckSubject:
    """The data with its columns named as in the contract beside the suite; as it is where there is none, or it names no other.

    Args:
        suite: File of the suite; None for one that is not a file.

    Raises:
        ContractError: The contract is not valid.
    """
    file = suite.parent / CONTRACT if suite else None
    if file is None or not file.is_file():
        return subject
    found = {column.name for column in subject.contract.columns}
    contract = parse_contract(file.read_text(encoding="utf-8-sig"), str(file))
    names = {c.source_name: c.name for c in contract.columns if c.source_name in found and c.name not in found}
    return _rename(engine, subject, names) if names else subject


def _rename(engine: Engine, subject: CheckSubject, names: Mapping[str, str]) -> CheckSubject:
    columns = tuple(replace(column, name=names.get(column.name, column.name)) for column in subject.contract.columns)
    placed = _renamed_relation(engine, subject.relation_with_ids, "checked_places", names)
    same = subject.relation == subject.relation_with_ids
    return replace(
        subject,
        contract=replace(subject.contract, columns=columns),
        types={names.get(name, name): type_ for name, type_ in subject.types.items()},
        relation=placed if same else _renamed_relation(engine, subject.relation, "checked_rows", names),
        relation_with_ids=placed,
        original_columns={names.get(name, name): names.get(held, held) for name, held in subject.original_columns.items()},
        statistics=None,  # of columns by their names in the file
        odd_texts=tuple(replace(odd, column=names.get(odd.column, odd.column)) for odd in subject.odd_texts),
    )


def _renamed_relation(engine: Engine, relation: Relation, name: str, names: Mapping[str, str]) -> Relation:
    items = (f"{identifier(own)} AS {identifier(names.get(own, own))}" for own in engine.types(relation))
    return engine.define(name, f"SELECT {', '.join(items)} FROM {relation}")
