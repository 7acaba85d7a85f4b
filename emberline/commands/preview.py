"""`emberline preview SITE --out F.png`"""

from pathlib import Path
from typing import Annotated

import typer

from devices.recordings import open_source
from emberline.errors import Unusable
from emberline.picture_file import check_picture_name, save_picture
from emberline.recorded_frames import frame_at
from emberline.site_picture import View, site_picture
from emberline.sites import load_site
from kernel.media import MediaError
from kernel.site.model import Channel

RECORDINGS = ("file", "sim")


def preview(
    site: Annotated[Path, typer.Argument(help="The site file (TOML).")],
    output: Annotated[Path, typer.Option("--out", help="Where the picture goes: .png or .jpg.")],
    frame: Annotated[int, typer.Option(help="Which frame of the source to draw on, from 0.")] = 0,
) -> None:
    """The rules, areas and shields of each channel, drawn on a frame of its source."""
    check_picture_name(output)
    if frame < 0:
        raise Unusable(f"--frame {frame}: frames are counted from 0")
    loaded = load_site(site)
    views = [_view(channel, frame) for channel in loaded.site.channels]
    save_picture(site_picture(loaded.site, views), output)
    print(output)


def _view(channel: Channel, number: int) -> View:
    scheme = channel.source.partition(":")[0]
    if scheme not in RECORDINGS:
        return View(channel, None, f"{scheme}: sources are live; this version previews file: and sim: sources")
    try:
        return View(channel, frame_at(open_source(channel.source, fps=channel.fps), number))
    except MediaError as error:
        raise MediaError(f"channel.{channel.id}.source = {channel.source!r}: {error}") from None
