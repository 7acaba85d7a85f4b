"""The parts of a multipart answer (RFC 2046), from its whole body."""

import re

import msgspec

MAX_PARTS = 8
MAX_HEAD_BYTES = 4096
_BOUNDARY = re.compile(
    r"""multipart/[a-z-]+\s*;(?:.*;)?\s*boundary=("?)([A-Za-z0-9'()+_,./:=? -]{1,70})\1\s*(?:;.*)?""", re.I
)


class MultipartError(Exception):
    """A body is not what its content type says; the message says why."""


class Part(msgspec.Struct, frozen=True):
    """One part: its content type in lower case, without parameters."""

    content_type: str
    body: bytes


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """The parts in order, at most 8. Raises `MultipartError`, also where the body ends before its last part does."""
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        raise MultipartError(f"content type {content_type[:100]!r}, a multipart type with a boundary is needed")
    delimiter = b"--" + found[2].strip().encode("ascii")
    at = 0 if body.startswith(delimiter) else body.find(b"\r\n" + delimiter) + 2
    if not body.startswith(delimiter, at):
        raise MultipartError("the boundary is nowhere in it")
    parts: list[Part] = []
    at += len(delimiter)
    while not body.startswith(b"--", at):
        if len(parts) == MAX_PARTS:
            raise MultipartError(f"more than {MAX_PARTS} parts")
        part, at = _part(body, at, delimiter)
        parts.append(part)
    return parts


def _part(body: bytes, at: int, delimiter: bytes) -> tuple[Part, int]:
    """The part whose delimiter ends at `at`, and where the delimiter after it ends."""
    head_end = body.find(b"\r\n\r\n", at, at + MAX_HEAD_BYTES)
    if head_end < 0:
        raise MultipartError(f"no end of a part's head within {MAX_HEAD_BYTES} bytes")
    head = _fields(body[at:head_end])
    begin = head_end + 4
    closing = b"\r\n" + delimiter
    stated = head.get("content-length", "")
    if stated:  # binary data may hold anything, so its length goes before a search
        if not (stated.isascii() and stated.isdigit() and len(stated) <= 9):
            raise MultipartError(f"a part's length of {stated[:20]!r}")
        end = begin + int(stated)
    else:
        end = body.find(closing, begin)
    if end < 0 or not body.startswith(closing, end):
        raise MultipartError("it ends before its last part does")
    kind = head.get("content-type", "").partition(";")[0].strip().lower()
    return Part(kind, body[begin:end]), end + len(closing)


def _fields(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
