"""Finds out where a project's lake lies, and how it is reached."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.lake_storage import LakeStorage
from lakeward.contracts.project import Project
from lakeward.core.connections import ConnectionSettings, public_address
from lakeward.core.errors import SettingsError
from lakeward.core.settings import Settings
from lakeward.core.storage.authorities import trust_authorities
from lakeward.core.storage.container_role import role_credentials
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.options import AzureOptions, S3Options

# Folder in the project, which git ignores, of what belongs to this machine of a lake at a URL.
FILES = Path(".lakeward") / "lakes"
_DEFAULT_REGION = "us-east-1"
# Front of regions of AWS in China, whose addresses end otherwise.
_CHINA = "cn-"
# Bucket and prefix; a bucket has no user and no port.
_URL = re.compile(r"(?:s3|az)://[A-Za-z0-9._-]+(?P<prefix>/[^?#]*)?")
# What was meant for a URL: a folder of such a name would be made in silence.
_LIKE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|(?:s3a?|az|gs)//")
# Parts of a prefix that a store takes for another place, or refuses.
_NO_PART = frozenset({"", ".", ".."})
# Signs of a folder's name that readers of Delta tables take for others.
_NO_SIGN = re.compile(r"[%\\\x00-\x1f]")


def find_lake(project: Project, settings: Settings, connect: Callable[[str], ConnectionSettings]) -> Lake:
    """The lake of the project.

    Args:
        connect: Finds a connection by its name.

    Raises:
        SettingsError: The URL is of no store that Lakeward writes, there are no credentials for it, or tables can't lie in such a folder.
        ProtectionError: Other users can read the connections.
    """
    address = settings.lake or project.lake
    if not _LIKE_URL.match(address):
        return checked_place(Lake.in_folder(str((project.root / address).absolute())))
    return checked_place(lake_at_url(address, project.root, project.storage, settings, connect))


def lake_at_url(
    address: str, root: Path, storage: LakeStorage, settings: Settings, connect: Callable[[str], ConnectionSettings]
) -> Lake:
    """The lake at a URL.

    Args:
        root: Folder of the project, below which files of this machine lie.
        storage: How `project.yaml` says that stores are reached.
        connect: Finds a connection by its name.

    Raises:
        SettingsError, ProtectionError: As `find_lake`.
    """
    found = _URL.fullmatch(address)
    prefix = (found["prefix"] or "").rstrip("/") if found else ""
    if not found or _NO_PART & {*prefix.split("/")[1:]}:
        raise SettingsError("lake_url_not_valid", lake=public_address(address))
    address = address.rstrip("/")
    files = root / FILES / hashlib.sha256(address.encode()).hexdigest()[:16]
    connection = connect(storage.connection) if storage.connection else None
    read = _azure_options if address.startswith("az://") else _s3_options
    options = read(storage, settings.store, connection)
    if options is None:
        raise SettingsError("lake_without_credentials", lake=address)
    reached = replace(options, ca=_authorities(root, storage, connection), first_wait=settings.store_wait)
    return Lake(address=address, files=files, options=reached)


def checked_place(lake: Lake) -> Lake:
    """The lake, if tables can lie there.

    Raises:
        SettingsError: A sign of its folder, or of the prefix of its URL, would be taken for another one.
    """
    if sign := _NO_SIGN.search(lake.address):
        raise SettingsError("lake_folder_sign", lake=ascii(lake.address)[1:-1], sign=ascii(sign[0]))
    return lake


def _s3_options(named: LakeStorage, store: Mapping[str, str], connection: ConnectionSettings | None) -> S3Options | None:
    """None without credentials."""
    found = _credentials(store, connection)
    if found is None:
        return None
    key_id, secret, token = found
    region = named.region or store.get("AWS_REGION") or store.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
    endpoint = named.endpoint or _endpoint(connection) or store.get("AWS_ENDPOINT_URL_S3") or store.get("AWS_ENDPOINT_URL")
    if endpoint is None and region.startswith(_CHINA):
        endpoint = f"https://s3.{region}.amazonaws.com.cn"
    return S3Options(
        region=region,
        endpoint=endpoint,
        path_style=endpoint is not None if named.path_style is None else named.path_style,
        key_id=key_id,
        secret=secret,
        token=token,
    )


def _credentials(store: Mapping[str, str], connection: ConnectionSettings | None) -> tuple[str, str, str | None] | None:
    """Key id, secret and token: of the connection, else of the environment, else of the role that this container runs as."""
    if connection and (connection.user or connection.password):  # half of them is none: the rest may be another account's
        return (connection.user, connection.password, None) if connection.user and connection.password else None
    key_id, secret = store.get("AWS_ACCESS_KEY_ID"), store.get("AWS_SECRET_ACCESS_KEY")
    if key_id and secret:
        return key_id, secret, store.get("AWS_SESSION_TOKEN")
    role = role_credentials(store)
    return (role.key_id, role.secret, role.token) if role else None


def _azure_options(named: LakeStorage, store: Mapping[str, str], connection: ConnectionSettings | None) -> AzureOptions | None:
    """None without credentials. A connection to an address of one machine names the account as its path, as Azurite wants it."""
    account = (connection.user if connection else None) or store.get("AZURE_STORAGE_ACCOUNT_NAME")
    key = (connection.password if connection else None) or store.get("AZURE_STORAGE_ACCOUNT_KEY")
    if not account or not key:
        return None
    endpoint = named.endpoint or (connection.address.rstrip("/") if connection else None)
    return AzureOptions(endpoint=endpoint, account=account, key=key)


def _authorities(root: Path, named: LakeStorage, connection: ConnectionSettings | None) -> Path | None:
    """The file of authorities of the store's certificate, which the clients of this process trust from now on."""
    file = root / named.ca if named.ca else connection.ca if connection else None
    if file is None:
        return None
    try:
        trust_authorities(file, root / FILES.parent)
    except (OSError, ValueError) as error:
        raise SettingsError("lake_ca_not_valid", file=file, found=type(error).__name__) from None
    return file


def _endpoint(connection: ConnectionSettings | None) -> str | None:
    return f"{connection.scheme}://{connection.address.partition('://')[2].partition('/')[0]}" if connection else None
