"""Authorities that clients of this process trust besides those of the machine.

Some clients of an object store take them from the variable of OpenSSL alone, so it is set: they hold for all that the process connects to.
"""

import hashlib
import os
import ssl
from pathlib import Path

from lakeward.core.storage.folder import FolderStore

_VARIABLE = "SSL_CERT_FILE"


def trust_authorities(file: Path, folder: Path) -> None:
    """Trust the authorities of a file of certificates in PEM, too.

    Args:
        folder: Where a file of all authorities is kept, which only its owner may write.

    Raises:
        OSError: The file can't be read, or the folder can't be written.
        ValueError: It holds no certificate.
    """
    own = file.read_bytes()
    ssl.create_default_context(cadata=own.decode("ascii"))
    name = f"authorities-{hashlib.sha256(own).hexdigest()[:16]}.pem"
    if os.environ.get(_VARIABLE) == str(folder / name):  # noqa: TID251 -- said above
        return
    of_machine = ssl.get_default_verify_paths().cafile
    FolderStore(folder).replace(name, (Path(of_machine).read_bytes() + b"\n" if of_machine else b"") + own)
    os.environ[_VARIABLE] = str(folder / name)  # noqa: TID251 -- as above
