"""Delta's jars are the five that the catalogue names, whole, or Spark does not start."""

import pytest

from lakeward.core.errors import MachineError
from lakeward.core.messages import Lang
from lakeward.engines.spark.download import copy_from_folder, download_jars
from lakeward.engines.spark.jars import (
    check_jar,
    check_store_jars,
    installed_jars,
    spark_requirements,
    store_folder,
    store_jars,
)


def test_the_catalogue_names_five_jars_of_one_spark():
    assert len({jar.sha256 for jar in spark_requirements().jars}) == 5
    assert spark_requirements().spark == "4.2.0"
    assert (spark_requirements().java, spark_requirements().jars[0].file) == (17, "delta-spark_4.2_2.13-4.4.0.jar")


def test_a_cluster_that_has_delta_needs_none():
    assert installed_jars(None) == ()


def test_an_empty_folder_lacks_all_of_them(tmp_path):
    with pytest.raises(MachineError) as told:
        installed_jars(tmp_path / "nowhere")
    assert told.value.code == "spark_jars_missing"
    for lang in Lang:
        said = told.value.render(lang)
        assert all(jar.file in said for jar in spark_requirements().jars)
        assert "lakeward spark setup" in said


def test_a_jar_of_another_spark_is_named_with_the_ones_that_are_expected(tmp_path):
    (tmp_path / "delta-spark_4.0_2.13-4.0.0.jar").touch()
    with pytest.raises(MachineError) as told:
        installed_jars(tmp_path)
    assert told.value.code == "spark_jar_other"
    for lang in Lang:
        said = told.value.render(lang)
        assert "delta-spark_4.2_2.13-4.4.0.jar" in said
        assert f"rm {tmp_path}/delta-spark_4.0_2.13-4.0.0.jar" in said


def test_a_damaged_jar_is_named_with_both_checksums(tmp_path):
    for jar in spark_requirements().jars:
        (tmp_path / jar.file).write_bytes(b"half of it")
    with pytest.raises(MachineError) as told:
        installed_jars(tmp_path)
    assert told.value.code == "spark_jar_damaged"
    for lang in Lang:
        said = told.value.render(lang)
        assert str(tmp_path / spark_requirements().jars[0].file) in said
        assert spark_requirements().jars[0].sha256[:12] in said


def test_a_stick_without_the_jar_says_which(tmp_path):
    with pytest.raises(MachineError, match="has no delta-spark"):
        download_jars(tmp_path / "kept", copy_from_folder(tmp_path), lambda _: None)


def test_what_was_brought_damaged_is_never_kept(tmp_path):
    for jar in spark_requirements().jars:
        (tmp_path / jar.file).write_bytes(b"half of it")
    with pytest.raises(MachineError, match="is not the published jar"):
        download_jars(tmp_path / "kept", copy_from_folder(tmp_path), lambda _: None)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == []


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="can't be written"):
        download_jars(tmp_path / "file" / "jars", copy_from_folder(tmp_path), lambda _: None)


def test_jars_of_object_stores_double_none_of_delta_and_none_of_spark():
    names = {jar.artifact for jar in store_jars()}
    assert (len(store_jars()), "hadoop-aws" in names) == (36, True)
    assert not names & {jar.artifact for jar in spark_requirements().jars}
    assert not any(name.startswith(("netty-codec", "slf4j", "httpc", "commons-", "jackson")) for name in names)


def test_a_folder_without_those_of_object_stores_names_their_setup(tmp_path):
    with pytest.raises(MachineError) as told:
        check_store_jars(tmp_path)
    for lang in Lang:
        said = told.value.render(lang)
        assert "lakeward spark setup --s3" in said
        assert store_jars()[0].file in said
    check_store_jars(None)


def test_those_of_object_stores_lie_in_a_folder_of_their_own(tmp_path):
    for folder, jars in ((tmp_path, spark_requirements().jars), (store_folder(tmp_path), store_jars())):
        folder.mkdir(exist_ok=True)
        for jar in jars:
            (folder / jar.file).write_bytes(b"half of it")
    with pytest.raises(MachineError) as told:
        check_jar(store_folder(tmp_path) / store_jars()[0].file, store_jars()[0])
    assert told.value.code == "spark_jar_damaged"
    assert all("lakeward spark setup --s3 " in told.value.render(lang) for lang in Lang)
    assert len(list(tmp_path.glob("*.jar"))) == 5
