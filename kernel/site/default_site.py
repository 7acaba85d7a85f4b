"""A site file for where there is none: what an import uses, and a beginning for one's own."""

from collections.abc import Mapping, Sequence

from kernel.site.model import ChannelKind


def default_site(
    channels: Sequence[tuple[str, ChannelKind]], sources: Mapping[str, str] | None = None, rules: bool = False
) -> str:
    """A document with these channels (id, kind).

    `sources` gives the source of a channel by its id; a channel without one gets `file:` and its id. `rules` adds one
    rule a channel that watches the whole frame.
    """
    parts = ['[site]\nname = "Emberline"\ntimezone = "UTC"\n']
    for id, kind in channels:
        source = (sources or {}).get(id, f"file:{id}")
        parts.append(f'[[channel]]\nid = {toml_string(id)}\nkind = "{kind}"\nsource = {toml_string(source)}\n')
    for number, (id, _) in enumerate(channels if rules else [], 1):
        parts.append(
            f'[[rule]]\nid = "anywhere-{number}"\nchannel = {toml_string(id)}\n'
            'type = "intrusion"\nduration = 1\nregion = [[0, 0], [1, 0], [1, 1], [0, 1]]\n'
        )
    return "\n".join(parts)


def toml_string(text: str) -> str:
    """Text as a TOML basic string."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"
