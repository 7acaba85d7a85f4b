"""TLS towards servers: certificates and host names are always verified."""

import ssl
from pathlib import Path

from devices.delivery import NotNow


def tls_context(ca_file: str, base: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer, against the system's certificates or, where it is not empty, those in `ca_file`.

    Raises `NotNow` where the file cannot be read or holds no certificate.
    """
    if not ca_file:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=base / ca_file)
    except ssl.SSLError as error:
        raise NotNow(f"ca_file {base / ca_file}: no certificates in PEM form: {error.reason}") from None
    except OSError as error:
        raise NotNow(f"ca_file {base / ca_file}: {error.strerror}") from None


def why_tls_failed(error: BaseException) -> str:
    """What is wrong with the other side's certificate, in a sentence; empty where that is not what went wrong."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"the server's certificate is not accepted: {seen.verify_message}"
        seen = seen.__cause__ or seen.__context__
    return ""
