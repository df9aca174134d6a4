"""Creates a dataset from an address: of a table of a database, of a broker, of a topic, of a server, or of devices."""

from threading import Event

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.authoring.new import DraftedDataset
from lakeward.flows.authoring.new_broker import WATCH, draft_from_broker
from lakeward.flows.authoring.new_modbus import SCHEMES as DEVICES
from lakeward.flows.authoring.new_modbus import draft_from_devices
from lakeward.flows.authoring.new_opcua import SCHEME as SERVER
from lakeward.flows.authoring.new_opcua import draft_from_server
from lakeward.flows.authoring.new_sparkplug import draft_from_edges, is_address_of_edges
from lakeward.flows.authoring.new_table import draft_from_table
from lakeward.flows.authoring.new_topic import draft_from_topic
from lakeward.sources.collectors.mqtt_client import SCHEMES as BROKERS
from lakeward.sources.kafka.cluster import SCHEMES as CLUSTERS
from lakeward.sources.sql.opening import SCHEMES as DATABASES


def draft_from_address(
    settings: Settings, name: str, url: str, watch: str = WATCH, stop: Event | None = None, *, rebirth: bool = False
) -> DraftedDataset:
    """As `draft_from_table`, `draft_from_broker`, `draft_from_topic`, `draft_from_edges`, `draft_from_server` and `draft_from_devices`, by the address.

    Args:
        watch: How long a broker, topic or server is watched, such as `30s` or `5min`.
        stop: Ends that earlier when it is set.
        rebirth: Whether edges of Sparkplug B are asked for their births.

    Raises:
        UsageError: No kind has this scheme, or `rebirth` is of another kind; or as they do.
    """
    scheme = url.partition("://")[0].lower()
    if is_address_of_edges(url):
        return draft_from_edges(settings, name, url, watch, stop or Event(), ask=rebirth)
    if rebirth:
        raise UsageError("new_rebirth_of_other")
    if scheme in BROKERS:
        return draft_from_broker(settings, name, url, watch, stop or Event())
    if scheme in CLUSTERS:
        return draft_from_topic(settings, name, url, watch, stop or Event())
    if scheme == SERVER:
        return draft_from_server(settings, name, url, watch, stop or Event())
    if scheme in DEVICES:
        return draft_from_devices(settings, name, url, watch, stop or Event())
    if scheme not in DATABASES:
        expected = ", ".join((*DATABASES, *BROKERS, *CLUSTERS, SERVER, *DEVICES))
        raise UsageError("new_address_unknown", found=scheme, expected=expected)
    return draft_from_table(settings, name, url)
