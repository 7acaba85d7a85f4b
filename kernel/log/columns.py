"""Bodies as typed columns: what DuckDB is to make of the JSON of each kind, taken from the catalogue."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from kernel.events import KINDS

ENVELOPE = ("seq", "fact_no", "time", "source", "cause")
"""The columns that stand before those of the body."""
_SCALARS = {int: "BIGINT", str: "VARCHAR", bool: "BOOLEAN", float: "DOUBLE"}


def typed_sql(kind: str, condition: str = "") -> str:
    """A query in order of seq for the events of one kind, `{}` stands for the table: the envelope, then the fields.

    Integers are BIGINT, tuples lists, nested structs STRUCT, mappings MAP. A field that a body does not say has its
    default. A field with the name of an envelope's column has `body_` put before it. Raises `KeyError` for an unknown
    kind. `condition` is added to the query's, as ` AND …`.
    """
    body = KINDS[kind]
    envelope, where = ", ".join(ENVELOPE), f"kind = '{kind}'{condition}"
    fields = msgspec.structs.fields(body)
    if not fields:
        return f"SELECT {envelope} FROM {{}} WHERE {where} ORDER BY seq"
    hints = get_type_hints(body)
    shape = ", ".join(f'"{field.encode_name}": "{_sql_type(hints[field.name])}"' for field in fields)
    columns = ", ".join(_column(field) for field in fields)
    parsed = f"from_json(body, '{{{{{shape}}}}}') AS b"  # braces doubled: `str.format` is to fill in the table alone
    return f"SELECT {envelope}, {columns} FROM (SELECT {envelope}, {parsed} FROM {{}} WHERE {where}) ORDER BY seq"


def _column(field: msgspec.structs.FieldInfo) -> str:
    value = f'b."{field.encode_name}"'
    default = field.default
    if isinstance(default, bool | int):
        value = f"coalesce({value}, {default})"
    elif isinstance(default, str):
        value = f"coalesce({value}, '{default.replace(chr(39), chr(39) * 2)}')"
    return f'{value} AS "{_name(field.name)}"'


def _name(field: str) -> str:
    return f"body_{field}" if field in ENVELOPE else field


def _sql_type(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Annotated:
        return _sql_type(get_args(hint)[0])
    if origin is Literal:
        return _SCALARS[type(get_args(hint)[0])]
    if origin in (Union, types.UnionType):
        return _sql_type(next(arm for arm in get_args(hint) if arm is not type(None)))
    if origin is tuple:
        return f"{_sql_type(get_args(hint)[0])}[]"
    if origin is dict:
        key, value = get_args(hint)
        return f"MAP({_sql_type(key)}, {_sql_type(value)})"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        inner = ", ".join(f"{f.encode_name} {_sql_type(hints[f.name])}" for f in msgspec.structs.fields(hint))
        return f"STRUCT({inner})"
    return _SCALARS[hint]
