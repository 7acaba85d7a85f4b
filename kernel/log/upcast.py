"""Bodies of older log schemas, brought to today's form on reading; what is stored is never rewritten.

Each entry of the table turns the JSON of one kind from the schema named into the next one. Functions are pure. Where
a kind did not change between two schemas there is no entry.
"""

from collections.abc import Callable, Mapping

from kernel.events import SCHEMA_VERSION

Upcaster = Callable[[str], str]

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""(kind, schema it is stored in) to the function that gives the body of schema + 1."""


def upcast(kind: str, schema: int, body_json: str, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> str:
    """The body's JSON in the schema of this catalogue, from that of `schema`."""
    for version in range(schema, SCHEMA_VERSION):
        step = upcasters.get((kind, version))
        if step is not None:
            body_json = step(body_json)
    return body_json


def must_upcast(kind: str, schema: int, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> bool:
    """Whether a body of this kind and schema is not in today's form."""
    return any((kind, version) in upcasters for version in range(schema, SCHEMA_VERSION))
