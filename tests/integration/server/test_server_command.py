"""`lakeward serve` as an operator starts it: with TLS, and with a clear word where something is missing."""

import subprocess

import pytest
from pyarrow import flight

import lakeward
from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from support.accounts import make_accounts
from support.flight_server import run_serve
from support.served_lake import make_lake


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([*words, *map(str, names)], check=True, capture_output=True)
    (folder / "key.pem").chmod(0o600)
    return folder


def test_a_server_with_tls_is_reached_by_its_certificate(own_server, certificate):
    served = own_server("--cert", certificate / "cert.pem", "--key", certificate / "key.pem")
    served.server.options.remove("--insecure")
    served.server.start()
    address, token = f"localhost:{served.server.port}", served.accounts["analyst"].token
    with lakeward.connect(address, token=token, ca=certificate / "cert.pem") as con:
        assert con.sql("select count(*) from silver.visits").fetchall() == [(22,)]
    for other in (address, f"grpc://{address}"):
        with pytest.raises(MachineError, match="No server answers"):
            lakeward.connect(other, token=token)
    code, _, err = served.server.stop()
    assert (code, "Traceback" in err) == (0, False)


def test_a_taken_port_is_named(served_canaries):
    port = served_canaries.server.port
    found = run_serve(served_canaries.settings.start, "--insecure", "--port", str(port))
    assert found.returncode == 4
    assert f"can't listen on 127.0.0.1:{port}" in found.stderr


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        ([], "needs a certificate and its key", 2),
        (["--insecure", "--host", "0.0.0.0"], "listens on this machine alone, not on 0.0.0.0", 2),
        (["--cert", "none.pem", "--key", "none.key"], "none.key can't be read", 4),
    ],
)
def test_what_is_missing_is_named(served_canaries, words, said, code):
    found = run_serve(served_canaries.settings.start, *words)
    assert (found.returncode, said in found.stderr) == (code, True), found.stderr


def test_a_key_that_others_can_read_is_refused(served_canaries, certificate, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes((certificate / "key.pem").read_bytes())
    key.chmod(0o644)
    found = run_serve(served_canaries.settings.start, "--cert", str(certificate / "cert.pem"), "--key", str(key))
    assert found.returncode == 3
    assert "can be read by other users" in found.stderr


def test_a_project_without_accounts_is_not_served(tmp_path):
    make_lake(tmp_path)
    found = run_serve(tmp_path, "--insecure")
    assert found.returncode == 2
    assert "has no accounts" in found.stderr


def test_limits_that_are_not_valid_are_named(tmp_path):
    settings = make_lake(tmp_path)
    make_accounts(Settings(start=settings.start))
    file = tmp_path / "expectations/project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "server: {rows: 0, row: 5}\n", encoding="utf-8")
    found = run_serve(tmp_path, "--insecure")
    assert found.returncode == 2
    assert "Unknown key 'row'. Did you mean: rows?" in found.stderr


def test_every_call_of_flight_is_taken_over():
    from lakeward.flows.server.gateway import Gateway

    calls = [name for name in vars(flight.FlightServerBase) if name.startswith(("do_", "get_", "list_"))]
    assert len(calls) == 8
    assert [name for name in calls if name not in vars(Gateway)] == []
