"""What the chart of `deploy/helm` refuses to render, and with which words."""

import pytest

from support.helm_chart import EXAMPLES, needs_helm, plain_environment, pods, refused, rendered

FOLDER = EXAMPLES[0]
PLAIN_SECRETS = (
    *(
        "LAKEWARD_CONN_LINE3",
        "LAKEWARD_SECRET_MAIL",
        "LAKEWARD_TOKEN",
        "LAKEWARD_TOKEN_KEY",
        "LAKEWARD_WRAPPING_KEY",
        "AIRFLOW_CONN_LINE3",
    ),
    *(
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SESSION_TOKEN",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_CONNECTION_STRING",
    ),
    *("AZURE_CLIENT_SECRET", "AZURE_STORAGE_SAS_TOKEN", "PGPASSWORD", "db_password"),
)
AIRFLOW_SECRETS = (
    *(
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_ENGINE_ARGS",
        "AIRFLOW__SECRETS__BACKEND_KWARGS",
    ),
    *("AIRFLOW__LOGGING__REMOTE_TASK_HANDLER_KWARGS", "AIRFLOW__SENTRY__SENTRY_DSN", "AIRFLOW__SMTP__SMTP_PASSWORD"),
)


@needs_helm
@pytest.mark.parametrize(
    ("where", "name", "secret"),
    [
        *(("environment", name, "secrets.environment") for name in PLAIN_SECRETS),
        *(("airflow.settings", name, "secrets.airflow") for name in AIRFLOW_SECRETS),
    ],
)
def test_a_secret_among_values_is_refused_with_where_it_belongs(where, name, secret):
    said = refused("--set-string", f"{where}.{name}=me-secret")
    assert f"{where}.{name}: holds a secret" in said
    assert f"name that in {secret}" in said
    assert "me-secret" not in said


@needs_helm
def test_a_password_in_an_address_is_refused_whatever_its_name():
    said = refused("--set", "environment.HTTPS_PROXY=http://me:secret@proxy:3128")
    assert "environment.HTTPS_PROXY: holds a secret" in said
    assert "me:secret" not in said


@needs_helm
def test_variables_that_hold_no_secret_are_taken():
    names = (
        "LAKEWARD_PORTAL_URL",
        "AWS_REGION",
        "NO_PROXY",
        "LAKEWARD_MEMORY",
        "AZURE_STORAGE_ACCOUNT_NAME",
        "SSL_CERT_FILE",
        "PASSAGE",
    )
    found = rendered(FOLDER, *(word for name in names for word in ("--set-string", f"environment.{name}=1")))
    assert {"1"} == {plain_environment(pods(found)["portal"]["containers"][0])[name] for name in names}


@needs_helm
def test_a_variable_has_the_name_of_one():
    assert 'environment: "PORTAL-URL: x" is not the name of a variable' in refused("--set-string", "environment.PORTAL-URL: x=1")


@needs_helm
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("image.repository=", "image.repository: name the image"),
        ("image.tag=", "image.tag: name the tag"),
        ("image.tag=latest", "/image/tag"),
        ("secrets.airflow=", "secrets.airflow: name the Secret"),
        ("portal.tlsSecret=", "portal.tlsSecret: name a Secret"),
        ("server.enabled=true", "server.tlsSecret: name a Secret"),
        ("secrets.keyFiles[0]=token.key", "secrets.keys: name the Secret"),
        ("secrets.keyFiles[0]=token.pem", "/secrets/keyFiles/0"),
        ("lake.url=https://store/lake", "lake.url: expected s3://bucket/prefix"),
        ("lake.url=s3://me:secret@store/lake", "lake.url: expected s3://bucket/prefix"),
        ("airflow.settings.AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql://me:secret@db/airflow", "invalid propertyName"),
        ("airflow.scheduler.replicas=3", "/airflow/scheduler/replicas"),
        ("collectors[0].name=line3", "missing property 'datasets'"),
        ("portal.tlsSecrets=portal", "additional properties 'tlsSecrets' not allowed"),
    ],
)
def test_values_that_can_not_work_are_refused_by_name(changed, said):
    words = refused("--set", changed)
    assert said in words
    assert "me:secret" not in words
