"""The commands, one module each; this table is `emberline --help`.

A module is imported when its command is called: all of them together take longer than most commands do.
"""

from collections.abc import Sequence
from importlib import import_module

import typer

GROUP = "keys"
"""A command with commands of its own."""
COMMANDS = {
    "init": "init",
    "check": "check",
    "preview": "preview",
    "try": "try_",
    "run": "run",
    "command": "command",
    "import": "import_",
    "replay": "replay",
    "verify": "verify",
    "alarms": "alarms",
    "label": "label",
    "score": "score",
    "tune": "tune",
    "apply": "apply",
    "events": "events",
    "scrub": "scrub",
    "compact": "compact",
    "tail": "tail",
    "config": "config",
    "state": "state",
    "export": "export",
    "explain": "explain",
    "status": "status",
    "snapshot": "snapshot",
    GROUP: "keys",
    "clip": "clip",
    "test-output": "test_output",
    "foreground": "foreground",
}
"""By the command's name: its module, which has a function (or a group) of the same name."""


def app_for(words: Sequence[str]) -> typer.Typer:
    """The command line, with the command that `words` begin with; with all of them where that is none."""
    app = typer.Typer(
        name="emberline",
        help="Open analytics daemon for thermal and optical perimeter cameras, with exact replay.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        callback=emberline,
    )
    wanted = words[:1] if words and words[0] in COMMANDS else COMMANDS
    for name in wanted:
        module = COMMANDS[name]
        what = getattr(import_module(f"{__name__}.{module}"), module)
        if name == GROUP:
            app.add_typer(what, name=name)
        else:
            app.command(name)(what)
    return app


def emberline() -> None:
    """Perimeter alarms from thermal and optical cameras; every one can be replayed exactly."""
