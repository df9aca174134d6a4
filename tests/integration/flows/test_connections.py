"""Connections by name: where they are looked for, and what is said where one can't be used. No part of a secret is in a message."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from lakeward.contracts.project import load_project
from lakeward.core.connections import parse_connection
from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows.authoring.project import create_project
from lakeward.flows.base.connections import CONNECTIONS_FILE, find_connection
from lakeward.flows.base.workspace import open_workspace
from lakeward.orchestration.services import database_url
from lakeward.sources.sql.postgres_address import postgres_url, tls_mode

SECRET = "s3cr3t"


@pytest.fixture
def project(tmp_path):
    return create_project(tmp_path / "plant")


def look_up(project, name="plant_broker", environ=None, **changes):
    settings = replace(Settings.load(project, environ=environ or {}), **changes)
    return find_connection(open_workspace(settings), name)


def write_file(project, text, mode=0o600):
    file = project / CONNECTIONS_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def test_the_environment_comes_first_then_airflow_then_the_file(project):
    write_file(project, f"plant_broker: mqtt://file:{SECRET}@broker\n")
    from_file = look_up(project)
    from_airflow = look_up(project, airflow_connection=lambda _: "mqtt://airflow@broker")
    variable = {"LAKEWARD_CONN_PLANT_BROKER": "opc.tcp://env@broker:8883/x?mode=Sign"}
    from_environment = look_up(project, environ=variable, airflow_connection=lambda _: "mqtt://airflow@broker")
    assert (from_file.user, from_file.password, from_file.place) == ("file", SECRET, ".lakeward/connections.yaml")
    assert (from_airflow.user, from_airflow.place) == ("airflow", "Airflow")
    assert (from_environment.user, from_environment.port, from_environment.path) == ("env", 8883, "x")
    assert from_environment.parameters == {"mode": "Sign"}


def test_a_secret_is_in_no_text_of_the_connection(project):
    write_file(project, f"plant_broker: mqtt://me:{SECRET}%2F@broker:1883\n")
    found = look_up(project)
    assert found.password == f"{SECRET}/"
    assert SECRET not in repr(found) + found.address
    assert found.url("mqtt") == f"mqtt://me:{SECRET}%2F@broker:1883"


def refused(call):
    with pytest.raises(LakewardError) as raised:
        call()
    texts = raised.value.render(Lang.EN) + raised.value.render(Lang.ZH)
    assert SECRET not in texts
    return raised.value.code, texts


def test_an_unknown_name_says_where_was_looked(project):
    code, texts = refused(lambda: look_up(project, airflow_connection=lambda _: None))
    assert code == "connection_unknown"
    assert "LAKEWARD_CONN_PLANT_BROKER, Airflow, .lakeward/connections.yaml" in texts


def test_a_url_in_place_of_a_name_is_not_shown(project):
    code, texts = refused(lambda: look_up(project, name=f"smtp://me:{SECRET}@host:25"))
    assert (code, "smtp" in texts.lower()) == ("connection_name_not_valid", False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(project, mode):
    write_file(project, f"plant_broker: mqtt://me:{SECRET}@broker\n", mode)
    assert refused(lambda: look_up(project))[0] == "connections_open"


def test_a_link_is_no_file_of_connections(project, tmp_path):
    (tmp_path / "other.yaml").write_text("{}")
    (project / ".lakeward").mkdir(exist_ok=True)
    (project / CONNECTIONS_FILE).symlink_to(tmp_path / "other.yaml")
    assert refused(lambda: look_up(project))[0] == "connections_unreadable"


@pytest.mark.parametrize(
    "text", [f"- {SECRET}\n", f"plant_broker: {{password: {SECRET}}}\n", f"a: '{SECRET}\n", f"a: b: {SECRET}"]
)
def test_a_file_of_another_form_is_refused_without_its_text(project, text):
    write_file(project, text)
    assert refused(lambda: look_up(project))[0] == "connections_unreadable"


@pytest.mark.parametrize(
    "url", ["broker", "mqtt://", f"mqtt://me:{SECRET}@:1883", f"mqtt://me:{SECRET}@broker:port", "mqtt://broker:0"]
)
def test_a_text_that_is_no_url_is_refused_without_it(project, url):
    assert refused(lambda: look_up(project, environ={"LAKEWARD_CONN_PLANT_BROKER": url}))[0] == "connection_not_valid"


def test_files_of_tls_must_exist(project, tmp_path):
    (tmp_path / "ca.pem").write_text("x")
    found = parse_connection("a", f"mqtts://b?ca={tmp_path}/ca.pem", "here", project)
    assert found.ca == tmp_path / "ca.pem"
    code, texts = refused(lambda: parse_connection("a", "mqtts://b?certificate=client.pem", "here", project))
    assert code == "connection_file_missing"
    assert "client.pem" in texts


@pytest.mark.parametrize(
    ("url", "close"),
    [
        ("mqtts://me:pw@broker?certificat=a.pem", "certificate"),
        ("https://id:pw@store:9000?acces_key=1", "key"),
        ("opc.tcp://plc?polcy=Basic256Sha256", "policy"),
        ("kafkas://broker?mechansim=PLAIN", "mechanism"),
        ("postgresql://db/plant?ssl_mode=disable", "sslmode"),
        ("modbuss://plc?car=ca.pem", "ca"),
        ("smtps://mail?form=a@b", "from"),
        ("sqlite:///plant.db?fil=a.db", "file"),
    ],
)
def test_a_mistyped_parameter_is_refused_for_every_kind(project, url, close):
    code, texts = refused(lambda: parse_connection("a", url, "here", project))
    assert (code, close in texts) == ("connection_parameter", True)
    assert not any(value in texts for value in ("a.pem", "Basic256Sha256", "PLAIN", "disable", "a@b"))


def test_parameters_of_drivers_and_webhooks_are_theirs(project):
    for url in ("mysql+pymysql://h/d?charset=utf8", "mssql://h/d?appname=x", "slack+https://hooks/x?access_token=1"):
        assert parse_connection("a", url, "here", project).parameters


def test_what_libpq_knows_reaches_a_database_and_airflows_own(project, tmp_path):
    file = tmp_path / "ca.pem"
    file.write_text("x")
    said = "sslrootcert=/etc/ca.pem&channel_binding=require&gssencmode=disable&keepalives_count=3&connect_timeout=3"
    url = f"postgresql://me:{SECRET}@db/plant?sslmode=verify-full&{said}"
    for given, root in ((url, "/etc/ca.pem"), (f"postgresql://me:{SECRET}@db/plant?ca={file}", str(file))):
        settings = Settings.load(project, environ={"LAKEWARD_CONN_AIRFLOW": given})
        found = postgres_url(parse_connection("a", given, "here", project))
        assert parse_qs(urlsplit(found).query)["sslrootcert"] == [root]
        assert parse_qs(urlsplit(database_url(settings, load_project(project), "airflow")).query)["sslrootcert"] == [root]
    read = parse_qs(urlsplit(postgres_url(parse_connection("a", url, "here", project))).query)
    assert {key: read[key] for key in parse_qs(said)} == parse_qs(said)
    assert read["sslmode"] == ["verify-full"]


def test_tls_is_off_only_to_this_machine_whatever_libpq_is_told(project):
    def mode(query):
        return tls_mode(parse_connection("a", f"postgresql://localhost/plant{query}", "here", project))

    assert (mode(""), mode("?hostaddr=10.0.0.1"), mode("?sslrootcert=a.pem")) == ("disable", "verify-full", "verify-full")
    assert refused(lambda: mode("?sslmode=disable&sslrootcert=a.pem"))[0] == "connection_tls_unverified"


def test_what_airflow_keeps_for_others_is_no_slip(project):
    assert parse_connection("a", "postgresql://h/d?cursor=dict", "Airflow", project).host == "h"
    code, _ = refused(lambda: parse_connection("a", "postgresql://h/d?ssl_mode=disable", "Airflow", project))
    assert code == "connection_parameter"


@pytest.mark.parametrize("scheme", ["mqtt", "postgresql", "kafkas", "mysql", "https"])
@pytest.mark.parametrize(
    "password", ["12?{}#x", "12?{}=1#2", "12?{}", "12?a={}", "12/ab?{}#", "12#{}", "12?a=1&{}", "?{}#", "12?{}&x#y"]
)
@pytest.mark.parametrize("rest", ["host", "host/db?ca=x", "host:1/"])
def test_a_password_that_is_not_encoded_is_not_shown(project, scheme, password, rest):
    url = f"{scheme}://me:{password.format(SECRET)}@{rest}"
    code, texts = refused(lambda: parse_connection("a", url, "here", project))
    assert (code, "%3F" in texts) == ("connection_not_valid", True)


def test_a_password_with_a_slash_is_no_path(project):
    assert refused(lambda: parse_connection("a", f"mqtt://me:12/{SECRET}@host", "here", project))[0] == "connection_not_valid"
    assert parse_connection("a", "smtps://mail?from=a@b", "here", project).parameters == {"from": "a@b"}
    assert parse_connection("a", "mqtt://u:a%3Fb%23c%40@h", "here", project).password == "a?b#c@"


def test_an_unknown_parameter_beside_an_at_sign_is_not_shown(project):
    _, texts = refused(lambda: parse_connection("a", f"mqtt://broker?{SECRET}@host", "here", project))
    assert SECRET not in texts
    code, _ = refused(lambda: parse_connection("a", f"mqtt://me:p@12?{SECRET}=b@host", "here", project))
    assert code == "connection_parameter"


def test_a_key_of_a_webhook_or_driver_is_no_file(project):
    for url in ("wecom+https://qyapi/send?key=", "mysql://u:p@h/db?key=", "oracle://u:p@h/db?certificate="):
        assert list(parse_connection("a", url + SECRET, "here", project).parameters.values()) == [SECRET]
    assert parse_connection("a", "slack+https://hooks:8443/x?to=@line#part", "here", project).parameters == {"to": "@line"}
