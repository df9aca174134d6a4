"""Sets the status of a contract in its text: comments and layout stay, since people wrote them."""

import yaml
from yaml.nodes import MappingNode, Node

# ODCS's word for a dataset that is not run any more.
RETIRED = "retired"


def with_status(text: str, status: str) -> str:
    """The contract with this `status`.

    Args:
        text: A valid contract.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, MappingNode)  # the contract is valid
    entries: dict[str, Node] = {key.value: value for key, value in root.value}
    if "status" in entries:
        node = entries["status"]
        return text[: node.start_mark.index] + status + text[node.end_mark.index :]
    at = entries["version"].end_mark.index
    return f"{text[:at]}\nstatus: {status}{text[at:]}"
