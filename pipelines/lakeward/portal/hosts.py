"""Names of this machine."""

# Names by which a browser of this machine reaches a portal that only this machine reaches: any other is another site's trick.
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
