"""A real master and two workers over a lake in an object store behind TLS, whose authority is the plant's own."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.engines.spark.machine import find_java
from support.certificates import make_certificate
from support.engine_comparison import TwoRemoteLakes, two_lakes
from support.object_stores import BUCKET, environment, require_store_jars, versitygw
from support.plant import Plant, csv_line, make_plant
from support.spark_cluster import CONF, cluster, drive, ingest_and_curate

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(900)]
BATCHES = (
    [csv_line("A", 0, 1.5), csv_line("A", 1, 2), csv_line("B", 0, 999), "torn"],
    [csv_line("A", 1, 2), csv_line("A", 0, 7), csv_line("B", 1, 3), csv_line("B", 2, -51)],
)
PASSWORD = "changeit"


@pytest.fixture
def folder(tmp_path):
    """Certificates of an authority and of the store, and the authority as executors' Java reads it."""
    require_store_jars()
    make_certificate(tmp_path, "authority")
    make_certificate(tmp_path, "server", issuer="authority")
    keytool = find_java(Settings.load().spark.java_home).with_name("keytool")
    words = ["-importcert", "-noprompt", "-alias", "plant", "-file", "authority.pem", "-keystore", "authority.p12"]
    subprocess.run([keytool, *words, "-storepass", PASSWORD], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def make_trusting(root: Path, authority: Path) -> Settings:
    plant = make_plant(root)
    file = plant.root / "expectations" / "project.yaml"
    file.write_text(f"{file.read_text()}storage: {{ca: {authority}}}\n")
    return plant.settings


@pytest.fixture
def lakes(folder):
    """The project on each engine, with a lake each in the store."""
    (folder / "store").mkdir()
    with versitygw(folder / "store", certificate=(folder / "server.pem", folder / "server.key")) as address:
        made = two_lakes(folder / "plants", lambda root: make_trusting(root, folder / "authority.pem"))
        at_url = [
            replace(settings, lake=f"s3://{BUCKET}/{settings.engine}", store=environment(address))
            for settings in (made.embedded, made.spark)
        ]
        yield TwoRemoteLakes(*at_url, folder / "store" / BUCKET)


def test_executors_read_a_store_of_the_plants_own_authority(lakes, folder):
    trust = f"-Djavax.net.ssl.trustStore={folder}/authority.p12 -Djavax.net.ssl.trustStorePassword={PASSWORD}"
    options = f"{CONF['spark.executor.extraJavaOptions']} {trust}"
    (folder / "cluster").mkdir()
    with cluster(folder / "cluster") as running:
        spark = running.settings(lakes.spark, spark__executor__extraJavaOptions=options)
        for number, lines in enumerate(BATCHES):
            for settings in (lakes.embedded, spark):
                Plant(settings.start).drop(f"{number}.csv", *lines)
            assert drive(ingest_and_curate, spark) == ingest_and_curate(lakes.embedded)
    assert lakes.differences() == {}
