"""Failed checks summed up: of a dataset, and of a domain by dimension, as families, so that each sum opens to its query."""

from collections.abc import Mapping

from lakeward.core.sql import literal
from lakeward.scorecard.figures import Family
from lakeward.scorecard.scores import per_million_sql

_SUMS = """CAST(sum(checks) AS BIGINT) AS checks, CAST(sum(failed) AS BIGINT) AS failed"""
_NUMBERS = ("checks", "failed", "per_million")


def summed_failures(failures: Family, domains: Mapping[str, str]) -> tuple[Family, ...]:
    """The families `dataset_failures` and `domain_failures`.

    Args:
        failures: Failed checks by dataset and dimension.
        domains: Dataset -> its domain, empty for none. Domains stand in contracts, so the query names them.
    """
    datasets = f"SELECT dataset, {_SUMS} FROM (\n{failures.sql}\n) AS failures GROUP BY dataset"
    by_domain = f"""SELECT {_domain_sql(domains)} AS domain, dimension, {_SUMS}
FROM (\n{failures.sql}\n) AS failures GROUP BY 1, 2"""
    return (
        _family("dataset_failures", ("dataset",), datasets, failures.tables),
        _family("domain_failures", ("domain", "dimension"), by_domain, failures.tables),
    )


def _family(name: str, keys: tuple[str, ...], sums: str, tables: tuple[str, ...]) -> Family:
    columns = ", ".join(keys)
    sql = f"""SELECT {columns}, checks, failed, {per_million_sql("failed", "checks")} AS per_million
FROM (\n{sums}\n) AS sums ORDER BY {columns}"""
    return Family(name=name, tables=tables, keys=keys, numbers=_NUMBERS, sql=sql)


def _domain_sql(domains: Mapping[str, str]) -> str:
    members: dict[str, list[str]] = {}
    for dataset, domain in sorted(domains.items()):
        members.setdefault(domain, []).append(literal(dataset))
    cases = (
        f"WHEN dataset IN ({', '.join(names)}) THEN {literal(domain)}" for domain, names in sorted(members.items()) if domain
    )
    joined = "\n  ".join(cases)
    return f"CASE {joined} ELSE '' END" if joined else "''"
