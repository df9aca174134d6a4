"""What an object store says when it refuses, as errors with a next step. Its clients pass on the code of S3 in their texts."""

from collections.abc import Mapping

from lakeward.core.errors import MachineError

# Part of a client's text, in small letters -> code of the message. The first that fits counts.
_FAULTS: Mapping[str, str] = {
    "invalidcontenttype": "lake_plain_http",  # rustls of an answer that is no TLS
    "wrong_version_number": "lake_plain_http",  # OpenSSL of the same
    "certificate": "lake_certificate",
    "sslcertverificationerror": "lake_certificate",
    "unknownissuer": "lake_certificate",
    "requesttimetooskewed": "lake_clock_wrong",
    "nosuchbucket": "lake_bucket_missing",
    "containernotfound": "lake_bucket_missing",
    "authorizationheadermalformed": "lake_region_wrong",
    "permanentredirect": "lake_region_wrong",
    "301 moved permanently": "lake_region_wrong",
    "invalidaccesskeyid": "lake_denied",
    "invalid access key": "lake_denied",  # of Azure, which is no base64
    "authenticationfailed": "lake_denied",
    "authorizationfailure": "lake_denied",
    "xadminusernotfound": "lake_denied",  # versitygw
    "signaturedoesnotmatch": "lake_denied",
    "expiredtoken": "lake_denied",
    "accessdenied": "lake_denied",
    "403 forbidden": "lake_denied",
    "(http 403)": "lake_denied",
    "401 unauthorized": "lake_denied",
}
# All codes of what a store says, or does not say.
STORE_CODES = frozenset({*_FAULTS.values(), "lake_unreachable"})


def store_fault(text: str, lake: str) -> MachineError:
    """The error for what a client of the store said.

    Args:
        text: The client's message.
        lake: URL of the lake.
    """
    small = text.lower()
    code = next((code for part, code in _FAULTS.items() if part in small), "lake_unreachable")
    return MachineError(code, lake=lake)
