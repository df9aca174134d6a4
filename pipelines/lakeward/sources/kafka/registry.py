"""Asks a schema registry for schemas by their ids, through the REST API that Confluent's registry, Redpanda, Apicurio and Karapace share."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lakeward.contracts.payload import PayloadFormat, PayloadKind
from lakeward.contracts.payload_schemas import SchemaText
from lakeward.contracts.protobuf_schema import join_descriptors, schema_of_descriptors
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import DefinitionError, MachineError, SettingsError
from lakeward.sources.segments.schemas import check_schema

SCHEMES = ("http", "https")
# As the registry names the kinds; an answer without one is of Avro.
_KINDS = {PayloadKind.AVRO: "AVRO", PayloadKind.PROTOBUF: "PROTOBUF"}
# Seconds for an answer; bytes of it; schemas that one refers to, all in all.
_TIMEOUT, _MAX_BYTES, _MAX_REFERENCES = 15.0, 16 << 20, 500
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaRegistry:
    """A registry.

    Args:
        connection: Its address, user and password, and the files of TLS.
        payload: Kind of the schemas that are asked for.
    """

    connection: ConnectionSettings
    payload: PayloadFormat

    def schemas(self, numbers: Iterable[int]) -> Iterator[SchemaText]:
        """The schemas of these ids; one that the registry does not have, or that is none of the kind or not valid, is left out.

        Raises:
            MachineError: The registry can't be reached, or refuses.
            SettingsError: Its address is none of HTTP.
        """
        for number in numbers:
            found = self._ask(f"schemas/ids/{number}", self._form())
            if found is not None and found.get("schemaType", "AVRO") == _KINDS[self.payload.kind]:
                try:
                    yield check_schema(self._schema(number, found), self.payload)
                except (DefinitionError, ValueError, KeyError, TypeError):
                    continue

    def _schema(self, number: int, found: Mapping[str, Any]) -> SchemaText:
        references = list(dict.fromkeys(self._references(found, set())))
        name = f"schema {number}"
        if self.payload.kind is PayloadKind.AVRO:
            return SchemaText(number=number, name=name, content=found["schema"], references=tuple(references))
        files = [base64.b64decode(one) for one in (*references, found["schema"])]
        return schema_of_descriptors(number, name, join_descriptors(files))

    def _references(self, found: Mapping[str, Any], seen: set[tuple[str, int]]) -> Iterator[str]:
        """Texts of the schemas that this one refers to, each behind those that it needs itself."""
        for one in found.get("references") or ():
            place = (str(one["subject"]), int(one["version"]))
            if place in seen or len(seen) >= _MAX_REFERENCES:
                continue
            seen.add(place)
            inner = self._ask(f"subjects/{quote(place[0], safe='')}/versions/{place[1]}", self._form())
            if inner is not None:
                yield from self._references(inner, seen)
                yield inner["schema"]

    def _form(self) -> str:
        """Protobuf comes as descriptors: its text would have to be compiled."""
        return "?format=serialized" if self.payload.kind is PayloadKind.PROTOBUF else ""

    def _ask(self, path: str, form: str) -> dict[str, Any] | None:
        """The answer; None where the registry has none."""
        connection = self.connection
        if connection.scheme not in SCHEMES:
            expected = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise SettingsError("connection_scheme", name=connection.name, place=connection.place, expected=expected)
        request = urllib.request.Request(f"{connection.address.rstrip('/')}/{path}{form}", headers=self._headers())  # noqa: S310 -- HTTP alone
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT, context=self._tls()) as answer:  # noqa: S310 -- as above
                found = json.loads(answer.read(_MAX_BYTES))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == _NOT_FOUND:
                return None
            raise self._fault(f"HTTP {error.code}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise self._fault(type(reason).__name__ if isinstance(reason, Exception) else str(reason)) from None
        return found if isinstance(found, dict) else None

    def _fault(self, reason: str) -> MachineError:
        return MachineError("schema_registry_unreachable", address=self.connection.address, reason=reason)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if self.connection.user is not None:
            login = f"{self.connection.user}:{self.connection.password or ''}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        return headers

    def _tls(self) -> ssl.SSLContext | None:
        connection = self.connection
        if connection.scheme != "https":
            return None
        context = ssl.create_default_context(cafile=str(connection.ca) if connection.ca else None)
        if connection.certificate:
            context.load_cert_chain(connection.certificate, connection.key)
        return context
