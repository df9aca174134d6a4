"""Describes a contract in Markdown for Airflow. The text is deterministic, or every parse would be a new DAG version."""

from lakeward.contracts.model import Column, Contract

# Digits of a SHA-256 to distinguish two files by eye.
HASH_DIGITS = 12


def describe_contract(contract: Contract) -> str:
    """The description of a dataset: owner, version and hash of the contract, key, columns."""
    facts = {
        "Owner": contract.owner,
        "Domain": contract.domain,
        "Contract": f"{contract.name} {contract.version} (sha256 {str(contract.sha256)[:HASH_DIGITS]})",
        "Key": ", ".join(contract.primary_key),
    }
    if contract.proposed_key:
        facts["Key proposed, not confirmed"] = ", ".join(contract.proposed_key)
    if contract.model:
        facts["Inputs"] = ", ".join(str(table) for table in contract.model.inputs)
    listed = [f"* **{name}**: {value or 'none'}" for name, value in facts.items()]
    head = ["", "| column | type | unit | required |", "|---|---|---|---|"]
    return "\n".join([contract.description, "", *listed, *head, *(_row(column) for column in contract.columns)])


def _row(column: Column) -> str:
    return f"| {column.name} | {column.type} | {column.unit or ''} | {'yes' if column.required else ''} |"
