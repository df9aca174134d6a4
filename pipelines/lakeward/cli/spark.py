"""Commands for Spark."""

from pathlib import Path
from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import print_message, progress, settings_of


def setup(
    context: typer.Context,
    *,
    origin: Annotated[Path | None, typer.Option("--from", help="Folder that has the jars · 已有 jar 的文件夹")] = None,
    s3: Annotated[bool, typer.Option(help="Jars for a lake in an object store, too · 同时安装对象存储所需的 jar")] = False,
    repository: Annotated[str | None, typer.Option(help="URL of a mirror in Maven's layout · Maven 镜像地址")] = None,
) -> None:
    lang = settings_of(context).lang
    with progress(lang, "progress_spark_setup_s3" if s3 else "progress_spark_setup"):
        folder = flows.setup_spark(
            settings_of(context),
            origin,
            repository,
            lambda at, count, file: print_message(lang, "spark_jar_here", at=at, count=count, file=file),
            with_store=s3,
        )
    if folder is None:
        print_message(lang, "spark_setup_not_needed")
    else:
        print_message(lang, "spark_setup_done", folder=folder)
