"""The address of Airflow's database: files of TLS that a connection names reach the driver."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from lakeward.core.connections import parse_connection
from lakeward.orchestration.services import driver_url


def options_of(query: str, folder: Path) -> dict[str, list[str]]:
    for name in ("ca.pem", "client.pem", "client.key"):
        (folder / name).touch()
    url = driver_url(parse_connection("airflow", f"postgresql://me:secret@db:5432/airflow{query}", "file", folder))
    assert url.startswith("postgresql+psycopg2://me:secret@db:5432/airflow")
    return parse_qs(urlsplit(url).query)


def test_an_authority_and_a_client_s_certificate_are_named_to_the_driver(tmp_path):
    assert options_of("?ca=ca.pem&certificate=client.pem&key=client.key", tmp_path) == {
        "sslmode": ["verify-full"],
        "sslrootcert": [str(tmp_path / "ca.pem")],
        "sslcert": [str(tmp_path / "client.pem")],
        "sslkey": [str(tmp_path / "client.key")],
    }


def test_what_the_connection_says_itself_stands(tmp_path):
    said = options_of("?ca=ca.pem&sslmode=verify-ca&connect_timeout=5", tmp_path)
    assert (said["sslmode"], said["connect_timeout"]) == (["verify-ca"], ["5"])
    assert options_of("", tmp_path) == {}
