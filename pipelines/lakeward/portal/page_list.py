"""Every page of the portal, in the order of its menu."""

from lakeward.portal.page import Page
from lakeward.portal.pages import (
    access,
    account,
    admin,
    dataset,
    datasets,
    estate,
    evidence,
    first_day,
    glossary,
    grades,
    important,
    incidents,
    lineage,
    login,
    purposes,
    quarantine,
    readiness,
    rule,
    run,
    search,
    sign_in,
    subscriptions,
    work,
)

MODULES = (
    *(estate, work, datasets, dataset, rule, run, evidence, search, glossary, lineage),
    *(
        quarantine,
        grades,
        important,
        readiness,
        incidents,
        purposes,
        subscriptions,
        access,
        admin,
        first_day,
        account,
        login,
        sign_in,
    ),
)
PAGES: tuple[Page, ...] = tuple(page for module in MODULES for page in module.PAGES)
