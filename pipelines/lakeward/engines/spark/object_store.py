"""Lets Spark read a lake in an object store: names of its files, and settings of Hadoop's client for the bucket of this lake."""

from typing import Any

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from lakeward.core.errors import MachineError
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.options import S3Options
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.spark.certificates import trust_authorities

_CLIENT = "org.apache.hadoop.fs.s3a.S3AFileSystem"
# Settings of a bucket -> those of its client in this process, which Hadoop keeps and never looks at again.
_CLIENTS: dict[str, dict[str, str]] = {}


def spark_path(place: LakePath | str) -> str:
    """The place by the name that Spark has for it."""
    text = str(place)
    return f"s3a://{text.removeprefix('s3://')}" if text.startswith("s3://") else text


def open_store(session: SparkSession, lake: Lake, options: S3Options) -> None:
    """Give the session the credentials of this lake.

    Raises:
        MachineError: The context has no client of object stores.
    """
    gateway: Any = session.sparkContext._gateway  # noqa: SLF001 (pyspark has no other door to the JVM)
    jvm = gateway.jvm
    try:
        jvm.java.lang.Thread.currentThread().getContextClassLoader().loadClass(_CLIENT)
    except Py4JError as error:
        raise MachineError("spark_without_s3", expected=_CLIENT) from error
    if options.ca:
        trust_authorities(jvm, options.ca)
    bucket = str(lake).removeprefix("s3://").partition("/")[0]
    settings = {f"fs.s3a.bucket.{bucket}.{name}": value for name, value in options.hadoop().items()}
    for name, value in settings.items():
        session.conf.set(name, value)
    if _CLIENTS.setdefault(bucket, settings) != settings:
        _close_client(session, jvm, bucket)
        _CLIENTS[bucket] = settings


def _close_client(session: SparkSession, jvm: Any, bucket: str) -> None:
    """Forget the client of the bucket, which has other credentials or another address."""
    conf = session._jsparkSession.sessionState().newHadoopConf()  # noqa: SLF001 (as above)
    jvm.org.apache.hadoop.fs.FileSystem.get(jvm.java.net.URI(f"s3a://{bucket}/"), conf).close()
