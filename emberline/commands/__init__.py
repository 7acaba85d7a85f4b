"""The commands, one module each; this table is `emberline --help`."""

import typer

from emberline.commands import (
    alarms,
    check,
    clip,
    command,
    config,
    events,
    explain,
    export,
    foreground,
    import_,
    init,
    keys,
    preview,
    replay,
    run,
    scrub,
    snapshot,
    status,
    tail,
    test_output,
    try_,
    verify,
)
from emberline.commands.apply import apply
from emberline.commands.label import label
from emberline.commands.score import score
from emberline.commands.tune import tune

app = typer.Typer(
    name="emberline",
    help="Open analytics daemon for thermal and optical perimeter cameras, with exact replay.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("preview")(preview.preview)
app.command("try")(try_.try_)
app.command("run")(run.run)
app.command("command")(command.command)
app.command("import")(import_.import_)
app.command("replay")(replay.replay)
app.command("verify")(verify.verify)
app.command("alarms")(alarms.alarms)
app.command("label")(label)
app.command("score")(score)
app.command("tune")(tune)
app.command("apply")(apply)
app.command("events")(events.events)
app.command("scrub")(scrub.scrub)
app.command("tail")(tail.tail)
app.command("config")(config.config)
app.command("export")(export.export)
app.command("explain")(explain.explain)
app.command("status")(status.status)
app.command("snapshot")(snapshot.snapshot)
app.add_typer(keys.keys, name="keys")
app.command("clip")(clip.clip)
app.command("test-output")(test_output.test_output)
app.command("foreground")(foreground.foreground)


@app.callback()
def emberline() -> None:
    """Perimeter alarms from thermal and optical cameras; every one can be replayed exactly."""
