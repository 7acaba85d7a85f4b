"""`emberline clip LOG SEQ --out F.mp4`"""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from emberline.alarm_picture import site_at
from emberline.civil import Calendar
from emberline.delivery.evidence import Moment, scene_of
from emberline.delivery.look import Look
from emberline.delivery.notices import KEY_CHARS, Occasion, event_at, summary_of
from emberline.delivery.rendering import About, render
from emberline.delivery.scene import SceneMissing, Wanted
from emberline.errors import Unusable
from emberline.wiring import read_log
from kernel.events import AlarmRaised, FrameCaptured
from kernel.log.contract import EventLog
from kernel.site.linkage_model import OVERLAY, OverlayPart, PaletteName

SECOND_NS = 1_000_000_000


def clip(
    log: Annotated[Path, typer.Argument(help="The log directory.")],
    seq: Annotated[int, typer.Argument(help="The seq of an alarm (see `emberline alarms`).")],
    output: Annotated[Path, typer.Option("--out", help="Where the clip goes: .mp4.")],
    before: Annotated[float, typer.Option(min=0, max=60, help="Seconds before the alarm.")] = 2.0,
    after: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds after the alarm.")] = 3.0,
    overlay: Annotated[str, typer.Option(help=f"Draw this on it: some of {','.join(OVERLAY)}.")] = "",
    palette: Annotated[PaletteName, typer.Option(help="The colours of a thermal clip.")] = "ember",
) -> None:
    """The recording of an alarm: compressed video as it was received, thermal frames beside their lossless form."""
    if output.suffix.lower() != ".mp4":
        raise Unusable(f"--out {output}: the name must end in .mp4")
    with read_log(log) as opened, tempfile.TemporaryDirectory() as making:
        look = Look(video_overlay=_parts(overlay), palette=palette, lossless=True)
        made = _make(opened, seq, (round(before * SECOND_NS), round(after * SECOND_NS)), Path(making), look)
        for path in made:
            target = output.with_name(
                output.stem + ("-received.mp4" if path.stem.endswith("-received") else path.suffix)
            )
            try:
                shutil.copyfile(path, target)
            except OSError as error:
                raise Unusable(f"{target}: {error.strerror}") from None
            print(target)


def _parts(words: str) -> tuple[OverlayPart, ...]:
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in OVERLAY]
    if unknown:
        raise Unusable(f"--overlay {words}: {unknown[0]!r} cannot be drawn; allowed are {', '.join(OVERLAY)}")
    return tuple(part for part in OVERLAY if part in wanted)


def _make(log: EventLog, seq: int, around_ns: tuple[int, int], directory: Path, look: Look) -> list[Path]:
    try:
        event = event_at(log, seq)
    except KeyError:
        raise Unusable(f"seq {seq} is no alarm: the log does not go so far; `emberline alarms` lists them") from None
    body = event.body
    if not isinstance(body, AlarmRaised) or body.frame is None:
        raise Unusable(f"seq {seq} is no alarm of a camera: it is a {event.kind}; `emberline alarms` lists them")
    captured = event_at(log, body.frame).body
    assert isinstance(captured, FrameCaptured)
    at_ns = captured.captured_ns
    wanted = Wanted(body.channel, (), (at_ns - around_ns[0], at_ns + around_ns[1]))
    occasion = Occasion(event, event)
    try:
        scene = scene_of(log, wanted, Moment(body.frame, at_ns), occasion, site_at(log, event))
    except SceneMissing as error:
        raise Unusable(f"the clip of seq {seq} cannot be made: {error}") from None
    about = About(event.digest.hex()[:KEY_CHARS], seq, summary_of(occasion), Calendar(log).moments(event))
    made, missing = render(scene, about, directory, look)
    if missing:
        raise Unusable(*missing)
    return [directory / attachment.name for attachment in made]
