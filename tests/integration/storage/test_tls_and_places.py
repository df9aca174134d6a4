"""An object store behind TLS with an authority of the plant's own; and that no client asks a cloud's metadata address."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from lakeward.core.settings import Settings
from support.certificates import make_certificate
from support.command_line import run_in_subprocess
from support.object_stores import versitygw
from support.plant import csv_line, make_plant
from support.remote_plant import point_to_store

pytestmark = pytest.mark.exhaustive
COMMAND = "from lakeward.cli.main import main; main()"


ENGINES = pytest.mark.parametrize("engine", ["embedded", pytest.param("spark", marks=pytest.mark.spark)])


def call(plant, *words, engine="embedded"):
    machine = Settings.load().spark
    java = {"JAVA_HOME": str(machine.java_home)} if machine.java_home else {}
    settings = {"LAKEWARD_ENGINE": engine, "LAKEWARD_SPARK_JARS": str(machine.jars), **java}
    return run_in_subprocess(plant.root, *words, PYTHONPATH=":".join(sys.path), **settings)


@pytest.fixture
def behind_tls(tmp_path):
    pytest.importorskip("obstore")
    for name in ("authority", "other"):
        make_certificate(tmp_path, name)
    make_certificate(tmp_path, "server", issuer="authority")
    (tmp_path / "store").mkdir()
    with versitygw(tmp_path / "store", certificate=(tmp_path / "server.pem", tmp_path / "server.key")) as address:
        plant = make_plant(tmp_path / "plant")
        point_to_store(plant.root, address, "tls")
        plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 2, 999))
        yield plant


def with_authority(plant, file):
    project = plant.root / "expectations" / "project.yaml"
    project.write_text(project.read_text().replace("storage: {", f"storage: {{ca: {file}, "))


@ENGINES
def test_the_authority_of_the_plant_is_named_in_the_project(behind_tls, tmp_path, engine):
    with_authority(behind_tls, tmp_path / "authority.pem")
    for code, words in ((1, ["run"]), (0, ["grade", "run", "press_line"]), (0, ["maintain"]), (0, ["doctor"])):
        result = call(behind_tls, *words, engine=engine)
        assert result.code == code, result.output
    # A correction: files that were just written are read again, by themselves.
    behind_tls.drop("b.csv", csv_line("M1", 0, 21.5), csv_line("M1", 3, 22.5))
    result = call(behind_tls, "run", engine=engine)
    assert result.code == 0, result.output
    result = call(behind_tls, "query", "SELECT count(*) AS n, sum(temp_degc) AS s FROM silver.press_line")
    assert (result.code, " 2 " in result.out, "44.0" in result.out) == (0, True, True), result.output


@ENGINES
@pytest.mark.parametrize("named", [None, "other.pem"])
def test_a_certificate_of_another_authority_is_refused(behind_tls, tmp_path, named, engine):
    if named:
        with_authority(behind_tls, tmp_path / named)
    for command in ("run", "doctor"):
        result = call(behind_tls, command, engine=engine)
        assert result.code in {1, 4}
        assert "certificate" in result.output
        assert "`ca`" in result.output


def test_a_file_that_is_no_certificate_is_named(behind_tls, tmp_path):
    (tmp_path / "no.pem").write_text("no certificate")
    with_authority(behind_tls, tmp_path / "no.pem")
    result = call(behind_tls, "run")
    assert (result.code, "no.pem" in result.output, "Traceback" in result.output) == (2, True, False), result.output


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(
    "words", [["run"], ["query", "SELECT count(*) FROM silver.press_line"], ["status"], ["maintain"], ["doctor"]]
)
def test_no_command_asks_for_the_metadata_of_a_cloud(endpoint, tmp_path, words):
    """All addresses to which the processes connect are of this machine."""
    plant = make_plant(tmp_path / "plant")
    point_to_store(plant.root, endpoint, f"addresses-{tmp_path.name}")
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    if words != ["run"]:
        call(plant, "run")
    log = tmp_path / "connects"
    command = ["strace", "-f", "-e", "trace=connect", "-o", str(log), sys.executable, "-c", COMMAND, *words]
    subprocess.run(command, cwd=plant.root, env=os.environ | {"PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=False)  # noqa: TID251
    found = set(re.findall(r"sin6?_addr=inet_(?:addr|pton)\((?:AF_INET6, )?\"([^\"]+)\"", log.read_text()))
    assert found <= {"127.0.0.1", "::1", "0.0.0.0"}, found
    assert "127.0.0.1" in found
