"""`lakeward spark setup` and `lakeward doctor`, with real jars, a mirror on this machine, and a Java that only tells its version."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.engines.spark.jars import check_store_jars, installed_jars, spark_requirements, store_jars
from support.command_line import run_in_subprocess

POM = """<project><modelVersion>4.0.0</modelVersion>
<groupId>{jar.group}</groupId><artifactId>{jar.artifact}</artifactId><version>{jar.version}</version></project>"""
ENDED_IN_A_KILL = "delta-storage-4.4.0.jar"


class Mirror(SimpleHTTPRequestHandler):
    """A plant's own repository; it remembers which jars were asked for."""

    asked: list[str]

    def do_GET(self):
        self.asked.append(Path(self.path).name)
        super().do_GET()

    def log_message(self, *_):
        """Silent: a test's output is the test's."""


@pytest.fixture
def shipped():
    """The real jars, as the machine's own setup brought them."""
    return Settings.load().spark.jars


@pytest.fixture
def mirror(tmp_path, shipped):
    """URL of a repository in Maven's layout, and the files that were asked of it."""
    for jar in spark_requirements().jars:
        folder = tmp_path / "mirror" / jar.group.replace(".", "/") / jar.artifact / jar.version
        folder.mkdir(parents=True)
        (folder / f"{jar.artifact}-{jar.version}.pom").write_text(POM.format(jar=jar))
        shutil.copy(shipped / jar.file, folder)
    handler = type("Asked", (Mirror,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=tmp_path / "mirror")) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", handler.asked
        server.shutdown()


def fake_java(folder, version):
    folder.mkdir()
    (folder / "java").write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    (folder / "java").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.exhaustive
@pytest.mark.spark
@pytest.mark.slow
def test_a_mirror_brings_what_is_missing_and_a_second_call_asks_for_nothing(tmp_path, shipped, mirror):
    url, asked = mirror
    kept = tmp_path / "kept"
    kept.mkdir()
    shutil.copy(shipped / spark_requirements().jars[0].file, kept)
    (kept / ENDED_IN_A_KILL).write_bytes((shipped / ENDED_IN_A_KILL).read_bytes()[:1000])
    java = {"JAVA_HOME": str(home)} if (home := Settings.load().spark.java_home) else {}
    done = run_in_subprocess(tmp_path, "spark", "setup", "--repository", url, LAKEWARD_SPARK_JARS=str(kept), **java)
    assert (done.code, "5/5" in done.out) == (0, True), done.output
    assert sorted(name for name in asked if name.endswith(".jar")) == sorted(jar.file for jar in spark_requirements().jars[1:])
    asked.clear()
    assert run_in_subprocess(tmp_path, "spark", "setup", "--repository", url, LAKEWARD_SPARK_JARS=str(kept), **java).code == 0
    assert asked == []
    assert [path.name for path in installed_jars(kept)] == [jar.file for jar in spark_requirements().jars]
    assert sorted(path.name for path in kept.iterdir()) == sorted(jar.file for jar in spark_requirements().jars)


@pytest.mark.spark
def test_a_stick_brings_them_without_java_and_without_a_network(tmp_path, shipped):
    path = fake_java(tmp_path / "bin", "11.0.2")
    kept = tmp_path / "kept"
    done = run_in_subprocess(
        tmp_path, "spark", "setup", "--from", str(shipped), "--lang", "zh", PATH=path, LAKEWARD_SPARK_JARS=str(kept)
    )
    assert (done.code, str(kept) in done.out) == (0, True)
    assert len(installed_jars(kept)) == 5


@pytest.mark.spark
def test_a_stick_brings_those_of_object_stores_too_if_asked(tmp_path, shipped):
    try:
        check_store_jars(shipped)
    except MachineError as error:
        pytest.skip(str(error))
    words, kept = ("spark", "setup", "--from", str(shipped)), tmp_path / "kept"
    path = fake_java(tmp_path / "bin", "11.0.2")
    assert run_in_subprocess(tmp_path, *words, PATH=path, LAKEWARD_SPARK_JARS=str(kept)).code == 0
    lacking = run_in_subprocess(tmp_path, "spark", "setup", "--s3", "--from", str(kept), PATH=path, LAKEWARD_SPARK_JARS=str(kept))
    assert (lacking.code, f"{store_jars()[0].file}" in lacking.err) == (4, True)
    done = run_in_subprocess(tmp_path, *words, "--s3", PATH=path, LAKEWARD_SPARK_JARS=str(kept))
    assert (done.code, "41/41" in done.out) == (0, True), done.output
    assert len(installed_jars(kept)) == 41


@pytest.mark.spark
def test_a_repository_that_is_down_names_the_jar_and_the_other_ways(tmp_path):
    java = {"JAVA_HOME": str(home)} if (home := Settings.load().spark.java_home) else {}
    words = ("spark", "setup", "--repository", "http://127.0.0.1:9/")
    done = run_in_subprocess(tmp_path, *words, LAKEWARD_SPARK_JARS=str(tmp_path / "kept"), **java)
    assert done.code == 4
    assert "io.delta:delta-spark_4.2_2.13:4.4.0" in done.err
    assert "--from FOLDER" in done.err


def test_a_cluster_that_has_delta_gets_nothing(tmp_path):
    done = run_in_subprocess(tmp_path, "spark", "setup", LAKEWARD_SPARK_JARS="cluster")
    assert (done.code, "nothing to download" in done.out) == (0, True)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("version", "lang", "told"), [("1.8.0_402", "en", "Java 8"), ("21.0.2", "zh", "Java 21")])
def test_setup_with_another_java_says_so_before_it_asks_anyone(tmp_path, version, lang, told):
    path = fake_java(tmp_path / "bin", version)
    done = run_in_subprocess(tmp_path, "spark", "setup", "--lang", lang, PATH=path, LAKEWARD_SPARK_JARS=str(tmp_path / "kept"))
    assert done.code == 4
    assert told in done.err
    assert "apt install openjdk-17-jre-headless" in done.err


@pytest.mark.exhaustive
def test_the_doctor_names_the_repair_of_everything_that_spark_lacks(tmp_path):
    path = fake_java(tmp_path / "bin", "11.0.2")
    run_in_subprocess(tmp_path, "init", "plant")
    answer = run_in_subprocess(
        tmp_path / "plant",
        "doctor",
        PATH=path,
        LAKEWARD_ENGINE="spark",
        LAKEWARD_SPARK_JARS=str(tmp_path / "none"),
        LAKEWARD_SPARK_MASTER="spark://127.0.0.1:9",
        LAKEWARD_LANG="zh",
    )
    assert answer.code == 4
    for repair in ("apt install openjdk-17-jre-headless", "lakeward spark setup", "sbin/start-master.sh"):
        assert repair in answer.out


@pytest.mark.exhaustive
def test_the_doctor_asks_nothing_of_spark_where_nothing_works_on_it(tmp_path):
    path = fake_java(tmp_path / "bin", "11.0.2")
    run_in_subprocess(tmp_path, "init", "plant")
    assert run_in_subprocess(tmp_path / "plant", "doctor", PATH=path, LAKEWARD_SPARK_JARS=str(tmp_path / "none")).code == 0


def test_a_run_on_spark_without_the_right_java_says_so_at_once(tmp_path):
    path = fake_java(tmp_path / "bin", "11.0.2")
    run_in_subprocess(tmp_path, "init", "plant")
    (tmp_path / "readings.csv").write_text("ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n")
    run_in_subprocess(tmp_path / "plant", "new", "press", "--from", "../readings.csv")
    answer = run_in_subprocess(tmp_path / "plant", "run", "press", PATH=path, LAKEWARD_ENGINE="spark")
    assert answer.code == 4
    assert "Java 11" in answer.err
