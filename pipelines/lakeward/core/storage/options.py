"""How to reach an object store: region, endpoint and credentials, as each of its clients wants them."""

from dataclasses import dataclass, field

# Of the environment: AWS's own names. The last four say where a container asks for the credentials of its role.
CREDENTIAL_VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
)
# Seconds; a request that fails is repeated within this time.
RETRY_SECONDS = 30
MAX_RETRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """How to reach a bucket. Credentials are always given, so that no client looks for some at a metadata address of a cloud.

    Args:
        endpoint: `http(s)://host:port`; None for AWS.
        path_style: The bucket is in the path of requests, not in the name of the host.
        key_id, secret, token: Credentials; a token is of temporary ones.
    """

    region: str
    endpoint: str | None = None
    path_style: bool = True
    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

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
            "max_retries": str(MAX_RETRIES),
            "retry_timeout": f"{RETRY_SECONDS}s",
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

    def _optional(self, endpoint: str, token: str) -> dict[str, str]:
        return ({endpoint: self.endpoint} if self.endpoint else {}) | ({token: self.token} if self.token else {})
