"""How to reach an object store: region, endpoint and credentials, as each of its clients wants them."""

from dataclasses import dataclass, field
from pathlib import Path

# Of the environment: the names that AWS and Azure give them. Four of them say where a container asks for the credentials of its role.
CREDENTIAL_VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"),
)
# Seconds; a request that fails is repeated within this time.
RETRY_SECONDS = 30
MAX_RETRIES = 5
# Seconds before it is repeated for the first time; each further wait may be twice as long.
FIRST_WAIT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """How to reach a bucket. Credentials are always given, so that no client looks for some at a metadata address of a cloud.

    Args:
        endpoint: `http(s)://host:port`; None for AWS.
        path_style: The bucket is in the path of requests, not in the name of the host.
        key_id, secret, token: Credentials; a token is of temporary ones. With others it is the same bucket.
        ca: File of certificates in PEM of further authorities that are trusted; None for those of the machine alone.
        first_wait: Seconds before a request that failed is repeated.
    """

    region: str
    endpoint: str | None = None
    path_style: bool = True
    key_id: str = field(repr=False, compare=False)
    secret: str = field(repr=False, compare=False)
    token: str | None = field(default=None, repr=False, compare=False)
    ca: Path | None = None
    first_wait: float = field(default=FIRST_WAIT, compare=False)

    @property
    def is_plain_http(self) -> bool:
        """Whether requests are not encrypted."""
        return self.endpoint is not None and self.endpoint.startswith("http://")

    def delta(self) -> dict[str, str]:
        """Options of deltalake."""
        found = {
            "aws_access_key_id": self.key_id,
            "aws_secret_access_key": self.secret,
            "aws_region": self.region,
            "aws_virtual_hosted_style_request": str(not self.path_style).lower(),
            "aws_allow_http": str(self.is_plain_http).lower(),
            **_delta_retries(self.first_wait),
        }
        return found | self._optional("aws_endpoint_url", "aws_session_token")

    def obstore(self) -> dict[str, str]:
        """Configuration of obstore's `S3Store`."""
        found = {
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
            "region": self.region,
            "virtual_hosted_style_request": str(not self.path_style).lower(),
            # Objects are deleted one by one; not all stores can do more at once.
            "disable_bulk_delete": "true",
        }
        return found | self._optional("endpoint", "session_token")

    def duckdb(self) -> dict[str, str]:
        """Parameters of DuckDB's secret of type `s3`."""
        found = {
            "KEY_ID": self.key_id,
            "SECRET": self.secret,
            "REGION": self.region,
            "URL_STYLE": "path" if self.path_style else "vhost",
            "USE_SSL": str(not self.is_plain_http).lower(),
        }
        if self.endpoint:
            found["ENDPOINT"] = self.endpoint.partition("://")[2]
        return found | ({"SESSION_TOKEN": self.token} if self.token else {})

    def hadoop(self) -> dict[str, str]:
        """Options of Hadoop's client, by their names below `fs.s3a.`."""
        found = {
            "endpoint.region": self.region,
            "path.style.access": str(self.path_style).lower(),
            "connection.ssl.enabled": str(not self.is_plain_http).lower(),
            "access.key": self.key_id,
            "secret.key": self.secret,
            # Of the given credentials alone; by default it would also ask a metadata address.
            "aws.credentials.provider": f"org.apache.hadoop.fs.s3a.{'Temporary' if self.token else 'Simple'}AWSCredentialsProvider",
            "attempts.maximum": str(MAX_RETRIES),
            "retry.limit": str(MAX_RETRIES),
        }
        return found | self._optional("endpoint", "session.token")

    def _optional(self, endpoint: str, token: str) -> dict[str, str]:
        return ({endpoint: self.endpoint} if self.endpoint else {}) | ({token: self.token} if self.token else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureOptions:
    """How to reach a container of Azure's blobs. Credentials are always given, as of `S3Options`.

    Args:
        endpoint: Address of the account's blobs, such as `http://127.0.0.1:10000/devstoreaccount1`; None for Azure.
        account, key: Name of the account, and its key.
        ca, first_wait: As of `S3Options`.
    """

    endpoint: str | None = None
    account: str = field(repr=False)
    key: str = field(repr=False, compare=False)
    ca: Path | None = None
    first_wait: float = field(default=FIRST_WAIT, compare=False)

    @property
    def is_plain_http(self) -> bool:
        """Whether requests are not encrypted."""
        return self.endpoint is not None and self.endpoint.startswith("http://")

    def delta(self) -> dict[str, str]:
        """Options of deltalake."""
        found = {
            "azure_storage_account_name": self.account,
            "azure_storage_account_key": self.key,
            "allow_http": str(self.is_plain_http).lower(),
            **_delta_retries(self.first_wait),
        }
        return found | ({"azure_storage_endpoint": self.endpoint} if self.endpoint else {})

    def obstore(self) -> dict[str, str]:
        """Configuration of obstore's `AzureStore`."""
        found = {"account_name": self.account, "account_key": self.key}
        return found | ({"endpoint": self.endpoint} if self.endpoint else {})

    def duckdb(self) -> dict[str, str]:
        """Parameters of DuckDB's secret of type `azure`."""
        protocol = "http" if self.is_plain_http else "https"
        place = f"BlobEndpoint={self.endpoint}" if self.endpoint else "EndpointSuffix=core.windows.net"
        text = f"DefaultEndpointsProtocol={protocol};AccountName={self.account};AccountKey={self.key};{place}"
        return {"CONNECTION_STRING": text}


StoreOptions = S3Options | AzureOptions


def _delta_retries(first_wait: float) -> dict[str, str]:
    """Options of deltalake for requests that fail."""
    wait = f"{round(first_wait * 1000)}ms"
    return {
        "max_retries": str(MAX_RETRIES),
        "retry_timeout": f"{RETRY_SECONDS}s",
        "backoff_config.init_backoff": wait,
    }
