"""Seals are signed with Ed25519: whoever has the public key can tell that a segment is as this writer sealed it.

The private key lies in the log's directory, readable to its owner alone, or wherever the writer is told; the public
keys lie in the directory under their ids. A key beside the log keeps honest people honest; against somebody who can
write to the disk it takes one that is kept elsewhere, and a copy of the public key with whoever is to check.
"""

import hashlib
import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kernel.durable import sync_directory
from kernel.log.contract import LogError
from kernel.log.ledger_lines import Sealed
from kernel.log.quarantine import set_aside

PRIVATE_NAME = "seal.key"
PUBLIC_NAMES = "seal-{}.pub"
_MEANING = b"emberline seal 1\n"
_MAX_BYTES = 10_000


class BadKey(LogError):
    """A file that is no Ed25519 key, or not kept as it should be."""


class SealKey:
    """A private key; `id` names the pair: sixteen hexadecimal digits of the SHA-256 of the public key's 32 bytes."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key()
        self.id = key_id(self.public)

    def signed(self, line: Sealed) -> Sealed:
        """The ledger's line with the key's id and the signature over all of it."""
        named = msgspec.structs.replace(line, key=self.id, signature=None)
        return msgspec.structs.replace(named, signature=self._private.sign(_message(named)).hex())

    def public_pem(self) -> bytes:
        return self.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def is_signed_by(line: Sealed, key: Ed25519PublicKey) -> bool:
    """Whether the line is what the owner of `key` signed."""
    try:
        key.verify(bytes.fromhex(line.signature or ""), _message(line))
    except (InvalidSignature, ValueError):
        return False
    return line.key == key_id(key)


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def seal_key(directory: Path, elsewhere: Path | None = None) -> SealKey:
    """The key that a log is sealed with, made where there is none; its public half is put into the log's directory.

    Of `directory` the writer's lock is held. A damaged key there goes into the quarantine and another is made.
    Raises `BadKey` where the file `elsewhere` cannot be used, `LogError` where none can be written.
    """
    path = elsewhere or directory / PRIVATE_NAME
    try:
        try:
            key = _read_private(path) if path.exists() else _made(path)
        except BadKey:
            if elsewhere is not None:
                raise
            set_aside(path)
            key = _made(path)
        _write_public(directory / PUBLIC_NAMES.format(key.id), key.public_pem())
        return key
    except OSError as error:
        raise LogError(f"the key {path} that seals the log cannot be used: {error.strerror or error}") from None


def public_keys(directory: Path) -> dict[str, Ed25519PublicKey]:
    """The public keys in a log's directory, by id; what is no key, or not the one that its name says, is left out."""
    keys = _own_key(directory)
    for path in sorted(directory.glob(PUBLIC_NAMES.format("*"))):
        try:
            key = read_public(path)
        except BadKey:
            continue
        if path.name == PUBLIC_NAMES.format(key_id(key)):
            keys[key_id(key)] = key
    return keys


def _own_key(directory: Path) -> dict[str, Ed25519PublicKey]:
    """The public half of the private key there, for who may read it: should the file of the other be gone."""
    try:
        own = _read_private(directory / PRIVATE_NAME)
    except (BadKey, OSError):
        return {}
    return {own.id: own.public}


def read_public(path: Path) -> Ed25519PublicKey:
    """A public key in PEM. Raises `BadKey`."""
    try:
        key = serialization.load_pem_public_key(_content(path))
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey(f"{path} is no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey(f"{path} is no Ed25519 key")
    return key


def _read_private(path: Path) -> SealKey:
    if path.stat().st_mode & 0o077:
        raise BadKey(f"{path} can be read by others; say chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(_content(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey(f"{path} is no private key in PEM, or has a pass phrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} is no Ed25519 key")
    return SealKey(key)


def _made(path: Path) -> SealKey:
    """A new key, complete on the disk before it has its name."""
    private = Ed25519PrivateKey.generate()
    aside = path.with_name(f"{path.name}.new")
    aside.unlink(missing_ok=True)
    _write(
        aside,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        0o600,
    )
    aside.rename(path)
    sync_directory(path.parent)
    return SealKey(private)


def _write_public(path: Path, pem: bytes) -> None:
    if path.exists() and path.read_bytes() == pem:
        return
    path.unlink(missing_ok=True)
    _write(path, pem, 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(file, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError as error:
        raise BadKey(f"{path} cannot be read: {error.strerror}") from None


def _message(line: Sealed) -> bytes:
    return _MEANING + msgspec.json.encode(msgspec.structs.replace(line, signature=None))
