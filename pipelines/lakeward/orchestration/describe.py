"""What Airflow shows of a contract, as Markdown: the same text for the same contract, or every parse would be a new DAG version."""

from lakeward.contracts.model import Column, Contract

# Enough of a SHA-256 to tell two files apart by eye.
HASH_DIGITS = 12


def describe_contract(contract: Contract) -> str:
    """The dataset's promise: owner, version and hash of the contract, key, columns."""
    facts = {
        "Owner": contract.owner,
        "Domain": contract.domain,
        "Contract": f"{contract.name} {contract.version} (sha256 {str(contract.sha256)[:HASH_DIGITS]})",
        "Key": ", ".join(contract.primary_key),
    }
    if contract.model:
        facts["Inputs"] = ", ".join(str(table) for table in contract.model.inputs)
    listed = [f"* **{name}**: {value or 'none'}" for name, value in facts.items()]
    head = ["", "| column | type | unit | required |", "|---|---|---|---|"]
    return "\n".join([contract.description, "", *listed, *head, *(_row(column) for column in contract.columns)])


def _row(column: Column) -> str:
    return f"| {column.name} | {column.type} | {column.unit or ''} | {'yes' if column.required else ''} |"
