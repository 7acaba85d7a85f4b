"""What a source string means: `file:yard.cptv?start=2026-01-01T20:00:00+01:00`, `sim:yard?seed=7` or a plain path."""

import math
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import msgspec

from kernel.media import MediaError

SCHEMES = ("file", "sim")


class Address(msgspec.Struct, frozen=True):
    """Where a recording is (`target`: a path, or the name of a scene) and the options after its question mark."""

    scheme: str
    target: str
    options: dict[str, str]


def parse_address(source: str) -> Address:
    """Take a source string apart.

    A plain string that exists as a path is that path, whatever characters its name has. A plus sign in an option
    stays a plus sign, so that the offset of a start time survives; `%2B` works as well.

    Raises `MediaError` for an empty string, another scheme, or an option that is no `name=value`.
    """
    if not source.strip():
        raise MediaError("the source is empty: give a path, file:PATH or sim:SCENE")
    if Path(source).exists():
        return Address("file", source, {})
    scheme, colon, rest = source.partition(":")
    if not colon or not scheme.isalnum() or len(scheme) == 1:  # a single letter is a drive, not a scheme
        return Address("file", source, {})
    if scheme not in SCHEMES:
        raise MediaError(f"{source}: a recording is a path, file:PATH or sim:SCENE, not {scheme}:")
    if scheme == "file" and rest and Path(_local(rest)).exists():
        return Address("file", _local(rest), {})
    target, _, query = rest.partition("?")
    if not target:
        raise MediaError(
            f"{source}: nothing follows {scheme}: — give {scheme}:{'PATH' if scheme == 'file' else 'SCENE'}"
        )
    return Address(scheme, _local(target) if scheme == "file" else target, _options(source, query))


def check_options(source: str, options: dict[str, str], allowed: tuple[str, ...]) -> None:
    """Raise `MediaError` for an option that is not among `allowed`."""
    for name in options:
        if name not in allowed:
            raise MediaError(f"{source}: unknown option {name!r}; allowed are {', '.join(allowed)}")


def parse_start(source: str, text: str) -> str:
    """The start time, checked: ISO 8601 with an offset. Raises `MediaError`."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise MediaError(f"{source}: start={text!r} is no ISO 8601 time, such as 2026-03-01T20:00:00+01:00") from None
    if start.tzinfo is None:
        raise MediaError(f"{source}: start={text!r} needs an offset, such as {text}+00:00 or {text}Z")
    return start.isoformat()


def parse_fps(source: str, text: str) -> float:
    """Frames a second, checked: above 0 and at most 1000. Raises `MediaError`."""
    try:
        fps = float(text)
    except ValueError:
        raise MediaError(f"{source}: fps={text!r} is not a number") from None
    return check_fps(source, fps)


def check_fps(source: str, fps: float) -> float:
    """`fps` itself. Raises `MediaError` outside 0 < fps ≤ 1000."""
    if not math.isfinite(fps) or not 0 < fps <= 1000:
        raise MediaError(f"{source}: fps must be above 0 and at most 1000, not {fps:g}")
    return fps


def _local(path: str) -> str:
    """`//` + `/absolute` of a file URL is `/absolute`."""
    return path[2:] if path.startswith("///") else path


def _options(source: str, query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise MediaError(f"{source}: {part!r} is not name=value")
        if name in options:
            raise MediaError(f"{source}: option {name!r} is given twice")
        options[name] = unquote(value)
    return options
