"""Holding seals against the public keys of those who may have signed them."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kernel.log.ledger_lines import Sealed
from kernel.log.signing import is_signed_by, key_id


class Signatures:
    """Takes the seals of a ledger in order.

    Parameters
    ----------
    known : the public keys by id.
    only : the one key that every seal has to be signed with; None where any known one will do, and where the first
        seals may lack a signature, as those of older logs do.
    """

    def __init__(self, known: Mapping[str, Ed25519PublicKey], only: Ed25519PublicKey | None = None) -> None:
        self._known = known if only is None else {key_id(only): only}
        self._all = only is not None
        self.by_key: dict[str, int] = {}
        self.unsigned = 0

    def fault(self, line: Sealed) -> str | None:
        """Take the next seal; what is wrong with its signature, None if nothing is."""
        if line.key is None or line.signature is None:
            self.unsigned += 1
            missing = self._all or self.by_key or line.key is not None or line.signature is not None
            return f"the seal of segment {line.segment} is not signed" if missing else None
        key = self._known.get(line.key)
        if key is None:
            return f"segment {line.segment} is signed with key {line.key[:16]}, which is not one of those to be trusted"
        if not is_signed_by(line, key):
            return f"the signature of segment {line.segment} is not that of key {line.key}"
        self.by_key[line.key] = self.by_key.get(line.key, 0) + 1
        return None
