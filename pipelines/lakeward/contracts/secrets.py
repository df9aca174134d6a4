"""Credentials have no place in a contract: it is stored in the lake, compared, and visible to every reader of the dataset."""

import re
from collections.abc import Iterator
from typing import Any

from lakeward.contracts.document import Fault, KeyPath, has_credentials, safe_repr

_SECRET_NAME = re.compile(r"passw(or)?d|passphrase|secret|token|credential|(api|access|private|account)_?-?key", re.IGNORECASE)


def secret_faults(value: Any, key_path: KeyPath = ()) -> Iterator[Fault]:
    """Faults for keys and custom properties that name a secret, URLs with a password, and private keys; never with the value."""
    if isinstance(value, dict):
        if isinstance(name := value.get("property"), str) and _SECRET_NAME.search(name):
            yield Fault((*key_path, "property"), "contract_secret", {"key": safe_repr(name)})
        for key, inner in value.items():
            if _SECRET_NAME.search(key):
                yield Fault((*key_path, key), "contract_secret", {"key": safe_repr(key)})
            yield from secret_faults(inner, (*key_path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from secret_faults(inner, (*key_path, at))
    elif isinstance(value, str) and has_credentials(value):
        yield Fault(key_path, "contract_secret", {"key": safe_repr(key_path[-1]) if key_path else ""})
