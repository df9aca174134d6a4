"""Airflow reads this file: every DAG comes from a contract in `expectations/datasets/`."""

from lakeward.orchestration.factory import dags

globals().update(dags(__file__))
