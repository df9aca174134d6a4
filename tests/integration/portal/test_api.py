"""The API: the JSON of the command line, for a valid token and the right role, as its document says; errors as JSON."""

import json

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from lakeward import flows
from lakeward.core.errors import ProtectionError
from lakeward.flows import AccessFilter, list_access
from lakeward.portal.api.answers import CALLS_PER_MINUTE, CallLimit, document
from lakeward.portal.api.endpoints import ENDPOINTS, PREFIX
from lakeward.portal.app import make_app
from lakeward.portal.page import EVERYONE
from lakeward.portal.site import Site
from support.command_line import run_command
from support.portal_site import ACCOUNTS, open_site

ROLES = (*ACCOUNTS, "admin")
PARTS = {"dataset": "equipment", "name": "silver.equipment"}
DOCUMENT = json.loads(document())


@pytest.fixture(scope="module")
def portal(plant):
    with open_site(plant) as (opened, _):
        yield opened


@pytest.fixture(scope="module")
def client(portal):
    return TestClient(make_app(Site(portal=portal)), base_url="http://127.0.0.1:8420")


@pytest.fixture(scope="module")
def measured(portal):
    """A portal that answers `/metrics`."""
    return TestClient(make_app(Site(portal=portal), has_metrics=True), base_url="http://127.0.0.1:8420")


def address_of(endpoint):
    path = endpoint.path
    for name, value in PARTS.items():
        path = path.replace("{" + name + "}", value)
    return PREFIX + path


def call(client, owner, address, **headers):
    return client.get(address, headers={"authorization": f"Bearer {owner.token}", **headers}, follow_redirects=False)


def role_for(endpoint):
    return "analyst" if endpoint.roles == EVERYONE else min(endpoint.roles)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_an_answer_is_as_the_document_says(client, owners, endpoint):
    answer = call(client, owners[role_for(endpoint)], address_of(endpoint))
    assert answer.status_code == 200, answer.text
    operation = DOCUMENT["paths"][endpoint.path]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(answer.json())
    assert isinstance(answer.json(), list) is endpoint.is_list


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_only_the_roles_of_an_address_are_answered(client, owners, endpoint):
    for role in ROLES:
        if endpoint.roles != EVERYONE and role not in endpoint.roles:
            answer = call(client, owners[role], address_of(endpoint))
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "api_role")


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic eDp5", "Bearer lw_no_token", "Bearer a.b.c", "Bearer " + "x" * 9000]
)
def test_without_a_valid_token_nothing_is_answered(client, authorization):
    headers = {} if authorization is None else {"authorization": authorization}
    for endpoint in ENDPOINTS:
        answer = client.get(address_of(endpoint), headers=headers)
        assert answer.status_code == 401
        error = answer.json()["error"]
        assert error["code"] in {"api_token_missing", "api_token_invalid"}
        assert error["next"].startswith("Next")
        assert error["facts"] == {}
        assert "LAKEWARD_TOKEN" not in answer.text
    assert client.get(f"{PREFIX}/openapi.json", headers=headers).status_code == 401


def test_a_register_that_is_not_in_order_is_not_named(client, owners, plant):
    file = plant.start / ".lakeward" / "accounts.jsonl"
    file.chmod(0o644)
    answer = call(client, owners["cdo"], f"{PREFIX}/status")
    file.chmod(0o600)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "api_without_register")
    assert (str(plant.start) in answer.text, answer.json()["error"]["facts"]) == (False, {})


def test_a_session_of_a_browser_is_no_token(client, plant, owners):
    password = flows.set_password(owners["cdo"], "cdo.one").password
    headers = {"sec-fetch-site": "same-origin"}
    client.post("/login", data={"account": "cdo.one", "password": password}, headers=headers, follow_redirects=False)
    assert client.get(f"{PREFIX}/status").status_code == 401
    client.cookies.clear()


def test_the_answer_is_that_of_the_command(client, plant, owners, capsys):
    for path, words in (("/status", ["status"]), ("/grades?dataset=equipment", ["grade", "list", "equipment"])):
        shown = run_command(capsys, plant.start, *words, "--json")
        assert without_ages(call(client, owners["analyst"], PREFIX + path).json()) == without_ages(json.loads(shown.out))


def without_ages(rows):
    return [{name: value for name, value in row.items() if name not in {"next", "late"}} for row in rows]


def test_values_are_masked_for_the_role_and_logged_before(client, plant, owners):
    before = len(list_access(plant, AccessFilter()))
    address = f"{PREFIX}/quarantine/rows/plant_telemetry?limit=3"
    rows = call(client, owners["steward"], address).json()
    assert rows
    assert all("values" not in row for row in rows)
    assert len(list_access(plant, AccessFilter())) == before
    shown = call(client, owners["steward"], f"{address}&values=true&role=steward").json()
    expected = flows.show_quarantine(owners["steward"], "plant_telemetry", 3, role="steward")
    assert shown == json.loads(json.dumps([row.as_dict() for row in expected], default=str))
    entry = list_access(plant, AccessFilter())[1]
    assert (entry.account, entry.role, entry.verified) == ("steward.one", "steward", True)
    refused = call(client, owners["steward"], f"{address}&values=true&role=analyst")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "account_role")


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/verdicts/nothing", 400, "dataset_not_found"),
        ("/verdicts/equipment?all=yes", 400, "api_parameter_form"),
        ("/access?limit=-1", 400, "api_parameter_form"),
        ("/access?limit=1;DROP", 400, "api_parameter_form"),
        ("/access?where=1", 400, "api_parameter_unknown"),
        ("/access/report?by=none", 400, "access_key_unknown"),
        ("/status?x", 400, "api_parameter_unknown"),
        ("/nothing", 404, "api_no_address"),
        ("/lineage/silver.none", 400, None),
    ],
)
def test_an_error_says_what_and_what_next(client, owners, address, status, code):
    answer = call(client, owners["cdo"], PREFIX + address, **{"accept-language": "zh"})
    assert answer.status_code == status
    error = answer.json()["error"]
    jsonschema.validate(answer.json(), DOCUMENT["components"]["schemas"]["Error"])
    assert code in {None, error["code"]}
    assert error["next"].startswith("下一步")
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_changed_by_the_api(client, owners, method):
    headers = {"authorization": f"Bearer {owners['steward'].token}"}
    for endpoint in ENDPOINTS:
        assert client.request(method, address_of(endpoint), headers=headers).status_code == 405


def test_another_sites_name_reaches_nothing(client, owners):
    assert call(client, owners["cdo"], f"{PREFIX}/status", host="evil.example").status_code == 421


def test_an_account_that_calls_too_often_waits():
    limit = CallLimit(per_minute=3)
    for _ in range(3):
        limit.count("a")
    with pytest.raises(ProtectionError, match="3 times"):
        limit.count("a")
    limit.count("b")
    assert CALLS_PER_MINUTE > 60


def test_the_document_is_valid_and_names_every_address(client, owners):
    import openapi_spec_validator

    openapi_spec_validator.validate(DOCUMENT)
    assert set(DOCUMENT["paths"]) == {endpoint.path for endpoint in ENDPOINTS}
    assert call(client, owners["analyst"], f"{PREFIX}/openapi.json").json() == DOCUMENT


def test_metrics_are_those_of_the_lake_and_of_the_pages(measured, plant, owners):
    measured.get("/login")
    assert measured.get("/metrics").status_code == 401
    assert call(measured, owners["cdo"], "/metrics", host="evil.example").status_code == 421
    answer = call(measured, owners["engineer"], "/metrics")
    assert answer.status_code == 200
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    waiting = {each.labels["dataset"]: each.value for each in families["lakeward_quarantine_open_rows"].samples}
    expected = {each.dataset: each.quarantine for each in flows.project_status(plant)}
    assert {name: waiting[name] for name in expected} == expected
    failed = {each.labels["dataset"]: each.value for each in families["lakeward_failed_rules"].samples}
    assert failed == {each.dataset: each.failed_rules for each in flows.project_status(plant) if each.dataset in failed}
    durations = [each.value for each in families["lakeward_run_seconds"].samples]
    assert durations
    assert min(durations) > 0
    pages = {each.labels["page"] for each in families["lakeward_portal_request_seconds"].samples}
    assert "/login" in pages


def test_metrics_are_off_unless_asked_for(client, owners):
    assert call(client, owners["cdo"], "/metrics").status_code == 404
