"""From bytes to a parsed TOML document, or one clear mistake."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

from kernel.site.problems import SiteError, SiteErrors

MAX_BYTES = 1 << 20
_AT = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)


def read_site_file(path: Path) -> str:
    """The document in a file.

    Raises `SiteErrors` where the file cannot be read, is too large, or is no UTF-8 text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _whole(f"cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise _whole(f"is larger than {MAX_BYTES >> 20} MiB", "is this a site file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SiteErrors([SiteError("", line, None, f"is not UTF-8 text: byte 0x{data[error.start]:02x}")]) from None


def parse_document(text: str) -> dict[str, object]:
    """The TOML document as plain values; numbers with a fraction as `Decimal`, exactly as written.

    Raises `SiteErrors` with one mistake where it is not valid TOML.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise _whole(f"is larger than {MAX_BYTES >> 20} MiB", "is this a site file?")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SiteErrors([SiteError("", line, None, "contains a NUL character", "is this a text file?")])
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SiteErrors([_syntax(text, str(error))]) from None
    except RecursionError:
        raise _whole("is nested too deeply") from None
    except (ValueError, ArithmeticError):
        raise _whole("contains a number that is out of all bounds") from None


def _syntax(text: str, message: str) -> SiteError:
    found = _AT.match(message)
    if found is None:
        return SiteError("", None, None, f"not valid TOML: {message}")
    what = found[1][:1].lower() + found[1][1:]
    if found[2] is None:
        return SiteError("", text.rstrip("\n").count("\n") + 1, None, f"not valid TOML: {what}, at the end of the file")
    return SiteError("", int(found[2]), None, f"not valid TOML: {what} (column {found[3]})")


def _whole(message: str, hint: str = "") -> SiteErrors:
    return SiteErrors([SiteError("", None, None, message, hint)])
