"""`emberline snapshot LOG SEQ --out F.png`"""

from pathlib import Path
from typing import Annotated

import typer

from emberline.alarm_picture import alarm_picture
from emberline.errors import Unusable
from emberline.wiring import read_log

KINDS = (".png", ".jpg", ".jpeg")


def snapshot(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    seq: Annotated[int, typer.Argument(help="The seq of an alarm (see `emberline alarms`).")],
    output: Annotated[Path, typer.Option("--out", help="Where the picture goes: .png or .jpg.")],
    box: Annotated[bool, typer.Option(help="Draw the target's box.")] = True,
    trajectory: Annotated[bool, typer.Option(help="Draw the way the target came.")] = True,
    rule: Annotated[bool, typer.Option(help="Draw the rule's line or region.")] = True,
    size: Annotated[bool, typer.Option(help="Say the target's size.")] = True,
) -> None:
    """The picture of an alarm: its frame, with box, trajectory, rule and size."""
    if output.suffix.lower() not in KINDS:
        raise Unusable(f"--out {output}: the name must end in {', '.join(KINDS)}")
    with read_log(log) as opened:
        picture = alarm_picture(opened, seq, box=box, trajectory=trajectory, rule=rule, size=size)
    try:
        picture.save(output)
    except OSError as error:
        raise Unusable(f"--out {output}: {error.strerror or error}") from None
    print(output)
