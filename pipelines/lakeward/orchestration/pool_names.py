"""Names of Airflow's pools: one per dataset, since one task at a time can hold its lock."""


def pool_name(project: str, dataset: str) -> str:
    """`lakeward.<project>.<dataset>`: several projects can share an Airflow."""
    return f"{pool_prefix(project)}{dataset}"


def pool_prefix(project: str) -> str:
    """What the names of the project's pools begin with."""
    return f"lakeward.{project}."
