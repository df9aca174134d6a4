"""Airflow: DAGs made from contracts, and a run of them without services. The only package that imports Airflow.

Nothing is re-exported: `local` must set Airflow's environment before `factory` imports it.
"""
