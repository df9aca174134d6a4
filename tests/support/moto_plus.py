"""moto's proxy with what its release lacks for some of our resources; run by moto's own Python: `python moto_plus.py PORT STORE_PORT`.

Each patch answers a call of the provider that moto refuses, and nothing more. What is applied only with these is level L3 (terraform/README.md).
The same buckets are at STORE_PORT without a proxy, for clients that know an endpoint.
"""

import json
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any

from moto.budgets.responses import BudgetsResponse
from moto.core.responses import ActionResult
from moto.emrserverless import models as emr_models
from moto.iot.responses import IoTResponse
from moto.lakeformation.exceptions import InvalidInput
from moto.lakeformation.models import LakeFormationBackend
from moto.lakeformation.responses import LakeFormationResponse
from moto.moto_proxy.proxy3 import ProxyRequestHandler
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.proxy import main
from moto.s3.models import FakeDeleteMarker
from moto.server import MotoRequestHandler
from werkzeug.serving import make_server

# Kinds of resources in grants that moto can't list.
TAG_KINDS = ("LFTag", "LFTagPolicy")


def list_grants(listed: Callable[[LakeFormationResponse], str]) -> Callable[[LakeFormationResponse], str]:
    """List grants by tags, too."""

    def list_permissions(self: LakeFormationResponse) -> str:
        wanted = self._get_param("Resource") or {}
        kind = next((kind for kind in TAG_KINDS if wanted.get(kind)), None)
        if kind is None:
            return listed(self)
        catalog = self._get_param("CatalogId") or self.current_account
        grants = self.lakeformation_backend.grants.get(catalog)
        found = [
            g
            for g in (grants.permissions if grants else ())
            if g.principal == self._get_param("Principal") and same(g.resource, wanted, kind)
        ]
        return json.dumps({"PrincipalResourcePermissions": [grant.to_external_form() for grant in found]})

    return list_permissions


def same(one: dict[str, Any], other: dict[str, Any], kind: str) -> bool:
    """Whether both name the same tags, in whatever order."""
    return kind in one and plain(one[kind]) == plain(other[kind])


def plain(resource: dict[str, Any]) -> Any:
    """A tag resource without the account, its lists in order."""
    return json.dumps({k: ordered(v) for k, v in resource.items() if k != "CatalogId"}, sort_keys=True)


def ordered(value: Any) -> Any:
    """Lists in order, at every depth."""
    if isinstance(value, list):
        return sorted((ordered(item) for item in value), key=json.dumps)
    return {k: ordered(v) for k, v in value.items()} if isinstance(value, dict) else value


def revoke_grants(revoked: Callable[..., None]) -> Callable[..., None]:
    """Refuse to revoke what is not granted: the provider asks again until it hears so."""

    def revoke_permissions(
        self: LakeFormationBackend, catalog_id: str, principal: Any, resource: Any, *more: Any, **named: Any
    ) -> None:
        grants = self.grants.get(catalog_id)
        if not any(g.principal == principal and g.resource == resource for g in (grants.permissions if grants else ())):
            raise InvalidInput("No permissions revoked. Grantee has no permissions")
        revoked(self, catalog_id, principal, resource, *more, **named)

    return revoke_permissions


def list_no_tags_of_iot(_: IoTResponse) -> ActionResult:
    """Tags of a topic rule: moto keeps none."""
    return ActionResult({"tags": []})


def list_no_tags_of_budgets(_: BudgetsResponse) -> str:
    """Tags of a budget: moto keeps none."""
    return json.dumps({"ResourceTags": []})


def list_subscribers(self: BudgetsResponse) -> str:
    """Who hears of a notification: moto keeps it, and does not say it."""
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    found = next(n for n in budget.notifications if all(n.details.get(k) == v for k, v in wanted.items()))
    return json.dumps({"Subscribers": found.subscribers})


def dispose(_: FakeDeleteMarker) -> None:
    """Of a marker that is deleted with other versions there is nothing to give back."""


def serve_buckets(port: int) -> None:
    """Serve what is applied at a port, one request after another: moto looks whether an object exists and writes it in two steps."""
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", port, application, threaded=False, request_handler=MotoRequestHandler)
    Thread(target=server.serve_forever, daemon=True).start()


LakeFormationResponse.list_permissions = list_grants(LakeFormationResponse.list_permissions)
LakeFormationBackend.revoke_permissions = revoke_grants(LakeFormationBackend.revoke_permissions)
IoTResponse.list_tags_for_resource = list_no_tags_of_iot
BudgetsResponse.list_tags_for_resource = list_no_tags_of_budgets
BudgetsResponse.describe_subscribers_for_notification = list_subscribers
FakeDeleteMarker.dispose = dispose
emr_models.APPLICATION_STATUS = "CREATED"
# Seconds: on a busy machine the provider's connections are idle for longer than moto's own five.
ProxyRequestHandler.timeout = 600

if __name__ == "__main__":
    serve_buckets(int(sys.argv[2]))
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
