"""What Spark needs of the machine is found out before Spark starts: Java by asking it, a master by knocking."""

import socket
from contextlib import closing

import pytest

from lakeward.core.errors import MachineError, SettingsError, TransientError
from lakeward.core.messages import Lang
from lakeward.engines.spark.machine import check_master, find_java


@pytest.fixture
def home(tmp_path):
    """Makes a JAVA_HOME whose `java` is a script that tells a version, as the real ones do."""

    def make(version):
        binary = tmp_path / "bin" / "java"
        binary.parent.mkdir()
        binary.write_text(
            f"#!/bin/sh\necho 'Picked up JAVA_TOOL_OPTIONS: -Xmx1g' >&2\necho 'openjdk version \"{version}\" 2025' >&2\n"
        )
        binary.chmod(0o755)
        return tmp_path

    return make


@pytest.mark.parametrize(("version", "found"), [("1.8.0_402", "8"), ("11.0.22", "11"), ("21.0.2", "21"), ("25-ea", "25")])
def test_another_java_is_named_with_the_one_that_is_needed(home, version, found):
    with pytest.raises(MachineError) as told:
        find_java(home(version))
    assert told.value.code == "java_wrong"
    for lang in Lang:
        said = told.value.render(lang)
        assert f"Java {found}" in said
        assert "apt install openjdk-17-jre-headless" in said


def test_a_missing_java_is_told_with_the_command_that_brings_it(tmp_path):
    with pytest.raises(MachineError) as told:
        find_java(tmp_path)
    assert told.value.code == "java_missing"
    for lang in Lang:
        assert "apt install openjdk-17-jre-headless" in told.value.render(lang)


def test_java_17_is_taken(home):
    folder = home("17.0.15")
    assert find_java(folder) == folder / "bin" / "java"


def test_a_program_that_tells_no_version_is_no_java(home):
    with pytest.raises(MachineError, match=r"Java \?"):
        find_java(home("unknown"))


@pytest.fixture
def port():
    """A port of this machine that somebody listens at."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def silent():
    """A port of this machine that nobody listens at."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def test_a_master_that_answers_is_taken_and_of_several_one_is_enough(port, silent):
    check_master(f"spark://127.0.0.1:{port}")
    check_master(f"spark://127.0.0.1:{silent},127.0.0.1:{port}")


def test_a_master_that_is_down_is_named_and_worth_another_try(silent):
    with pytest.raises(TransientError) as told:
        check_master(f"spark://127.0.0.1:{silent}")
    for lang in Lang:
        assert f"spark://127.0.0.1:{silent}" in told.value.render(lang)
        assert "LAKEWARD_SPARK_MASTER" in told.value.render(lang)


@pytest.mark.parametrize("master", ["spark://", "spark://host", "spark://host:port", "spark://:7077"])
def test_what_is_no_address_of_a_master_is_refused(master):
    with pytest.raises(SettingsError, match="spark://HOST:PORT"):
        check_master(master)


@pytest.mark.parametrize("master", ["local[2]", "yarn", "k8s://https://127.0.0.1:1"])
def test_other_masters_are_left_to_spark(master):
    check_master(master)
