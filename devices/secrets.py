"""Secrets: read from a private file or the environment at the moment of use, and kept out of every message.

A site file names a secret, since the event log keeps the site file: `password_file = "secrets/smtp"` is a file, and
`password_file = "secret:smtp"` is looked for in the environment variable `EMBERLINE_SECRET_SMTP`, then in the file
`smtp` of `$CREDENTIALS_DIRECTORY` (where systemd puts credentials), then in `secrets/smtp` beside the site file.
"""

import os
import re
import stat
from pathlib import Path

NAMED = "secret:"
VARIABLE = "EMBERLINE_SECRET_"
MAX_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SecretError(Exception):
    """A secret cannot be used; the message says which and why, and never what it is."""


def read_secret(reference: str, base: Path) -> str:
    """The secret that `reference` names, without the newline at its end; `base` is where relative paths begin.

    Raises `SecretError` where it is not there, is empty, or may be read by others than its owner.
    """
    if not reference.startswith(NAMED):
        return _from_file(base / reference)
    name = reference.removeprefix(NAMED)
    if not _NAME.fullmatch(name):
        raise SecretError(f"{reference!r}: a secret's name is 1 to 64 letters, digits, '_' or '-'")
    variable = VARIABLE + name.upper().replace("-", "_")
    if os.environ.get(variable):
        return os.environ[variable]
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (Path(credentials) / name).exists():
        return _from_file(Path(credentials) / name)
    path = base / "secrets" / name
    if not path.exists():
        raise SecretError(f"secret {name}: neither the variable {variable} nor the file {path} is there")
    return _from_file(path)


def private_file(path: Path) -> Path:
    """`path`, if it is a file that only its owner can read. Raises `SecretError`."""
    try:
        found = path.stat()
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise SecretError(f"{path}: not a file")
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise SecretError(f"{path}: others may read it (mode {mode:04o}); chmod 600 it")
    return path


def _from_file(path: Path) -> str:
    try:
        with private_file(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretError(f"{path}: not UTF-8 text") from None
    if len(data) > MAX_BYTES or not text:
        raise SecretError(f"{path}: {'longer than 64 kB' if text else 'empty'}")
    return text


def without_secrets(text: str, secrets: set[str]) -> str:
    """`text` with every secret that occurs in it blotted out."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
