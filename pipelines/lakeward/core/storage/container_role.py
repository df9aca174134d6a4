"""Credentials of the role that a container runs as: its service names in the environment where to ask (AWS SDKs, "Container credential provider")."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from lakeward.core.errors import MachineError, SettingsError

RELATIVE, FULL = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
# Where a task of ECS asks.
_ECS = "169.254.170.2"
# Hosts that may be asked without encryption: loopback, and those of ECS and of EKS.
_PLAIN_HOSTS = frozenset({"127.0.0.1", "::1", "localhost", _ECS, "169.254.170.23", "fd00:ec2::23"})
# Seconds.
_TIMEOUT = 10
_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """Temporary credentials of a role."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    token: str | None = field(repr=False)


def role_credentials(variables: Mapping[str, str]) -> RoleCredentials | None:
    """The credentials that the environment's address gives now; None where it names no address.

    Args:
        variables: Of the environment, by name.

    Raises:
        SettingsError: The address is none that may be asked, or the file of its token can't be read.
        MachineError: It does not answer, refuses, or does not say credentials.
    """
    variable = RELATIVE if variables.get(RELATIVE) else FULL
    named = variables.get(variable)
    if not named:
        return None
    address = _address(variable, f"http://{_ECS}{named}" if variable == RELATIVE else named)
    status, body = _ask(variable, address, _authorization(variables))
    said = _read_texts(body) if status == HTTPStatus.OK else {}
    if not said.get("AccessKeyId") or not said.get("SecretAccessKey"):
        raise MachineError("role_credentials_refused", variable=variable, found=f"HTTP {status}")
    return RoleCredentials(key_id=said["AccessKeyId"], secret=said["SecretAccessKey"], token=said.get("Token"))


def _address(variable: str, url: str) -> SplitResult:
    """The address, if secrets may be asked for there: by TLS, or on this machine alone."""
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _PLAIN_HOSTS)):
        raise SettingsError("role_address_not_valid", variable=variable)
    return parts


def _authorization(variables: Mapping[str, str]) -> str | None:
    """The token that the address asks for. One in a file is read each time, since it changes there."""
    file = variables.get(TOKEN_FILE)
    if not file:
        return variables.get(TOKEN)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("role_token_not_readable", variable=TOKEN_FILE, found=type(error).__name__) from error


def _ask(variable: str, address: SplitResult, authorization: str | None) -> tuple[int, bytes]:
    """Status and body. Neither a proxy nor another place that the answer names is asked: either would get the token."""
    from http.client import HTTPConnection, HTTPException, HTTPSConnection  # noqa: PLC0415 -- containers alone ask

    kind = HTTPConnection if address.scheme == "http" else HTTPSConnection
    connection = kind(str(address.hostname), address.port, timeout=_TIMEOUT)
    target = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
    try:
        connection.request("GET", target, headers={"Authorization": authorization} if authorization else {})
        answer = connection.getresponse()
        return answer.status, answer.read(_ANSWER_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        raise MachineError("role_credentials_refused", variable=variable, found=type(error).__name__) from error
    finally:
        connection.close()


def _read_texts(body: bytes) -> dict[str, str]:
    """The texts of a JSON object; none of anything else."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
