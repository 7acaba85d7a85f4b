"""`emberline snapshot LOG SEQ --out F.png`"""

from pathlib import Path
from typing import Annotated

import typer

from emberline.alarm_picture import alarm_picture
from emberline.picture_file import check_picture_name, save_picture
from emberline.wiring import read_log


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
    check_picture_name(output)
    with read_log(log) as opened:
        picture = alarm_picture(opened, seq, box=box, trajectory=trajectory, rule=rule, size=size)
    save_picture(picture, output)
    print(output)
