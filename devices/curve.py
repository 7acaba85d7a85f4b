"""CURVE keys: made, kept in private files, and loaded. ZeroMQ's own file format, so that its tools read them too.

A directory holds for each name NAME.key, the public key, and on the machine that it belongs to NAME.key_secret. The
daemon's name is `daemon`; a driver's is its id, and its public key beside the daemon's is what lets it in.
"""

import os
import re
from pathlib import Path

import msgspec
import zmq
import zmq.auth

from devices.secrets import SecretError, private_file

DAEMON = "daemon"
PUBLIC, SECRET = ".key", ".key_secret"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TEXT = """#   {what} of {name}: a ZeroMQ CURVE certificate{warning}

metadata
curve
    public-key = "{public}"
"""


class KeyPair(msgspec.Struct, frozen=True):
    """A public key and its secret, each 40 characters of Z85."""

    public: bytes
    secret: bytes


class ListedKey(msgspec.Struct, frozen=True):
    """A key of a directory; `secret` says whether its secret is there, `trouble` what is wrong with it."""

    name: str
    public: str
    secret: bool
    trouble: str


def make_keys(directory: Path, name: str) -> KeyPair:
    """Make a pair of keys; nothing that is there is overwritten. Raises `SecretError`."""
    if not _NAME.fullmatch(name):
        raise SecretError(f"{name!r}: a key's name is 1 to 64 letters, digits, '_' or '-'")
    public, secret = zmq.curve_keypair()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = _TEXT.format(what="The secret", name=name, warning="; keep it to yourself", public=public.decode())
        _write(directory / (name + SECRET), f'{text}    secret-key = "{secret.decode()}"\n', 0o600)
        text = _TEXT.format(what="The public key", name=name, warning="", public=public.decode())
        _write(directory / (name + PUBLIC), text, 0o644)
    except FileExistsError as error:
        raise SecretError(f"{error.filename}: is there already; remove it to make a new key") from None
    except OSError as error:
        raise SecretError(f"{directory}: {error.strerror}") from None
    return KeyPair(public, secret)


def _write(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "w") as file:
        file.write(text)


def load_pair(directory: Path, name: str) -> KeyPair:
    """The pair of this name. Raises `SecretError` where it is not there, or others may read its secret."""
    path = private_file(directory / (name + SECRET))
    public, secret = _load(path)
    if secret is None:
        raise SecretError(f"{path}: holds no secret key")
    return KeyPair(public, secret)


def load_public(directory: Path, name: str) -> bytes:
    """The public key of this name. Raises `SecretError`."""
    return _load(directory / (name + PUBLIC))[0]


def _load(path: Path) -> tuple[bytes, bytes | None]:
    try:
        public, secret = zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise SecretError(f"{path}: cannot be read as a CURVE key: {error}") from None
    for key in (public, secret):
        if key is not None and len(key) != 40:
            raise SecretError(f"{path}: a key has 40 characters, not {len(key)}")
    return public, secret


def list_keys(directory: Path) -> list[ListedKey]:
    """All keys of a directory by name. Raises `SecretError` where it cannot be read."""
    try:
        names = sorted({path.stem for path in directory.iterdir() if path.suffix in (PUBLIC, SECRET)})
    except OSError as error:
        raise SecretError(f"{directory}: {error.strerror}") from None
    return [_listed(directory, name) for name in names]


def _listed(directory: Path, name: str) -> ListedKey:
    has_secret = (directory / (name + SECRET)).exists()
    try:
        public = load_pair(directory, name).public if has_secret else load_public(directory, name)
    except SecretError as error:
        return ListedKey(name, "", has_secret, str(error))
    return ListedKey(name, public.decode(), has_secret, "")
