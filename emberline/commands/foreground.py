"""`emberline foreground SOURCE --out DIR`"""

from pathlib import Path
from typing import Annotated, Literal

import typer
from PIL import Image

from devices.recordings import open_source
from emberline.console import progress_bar, warn
from emberline.errors import Unusable
from emberline.first_site import guess_kind
from emberline.foreground_masks import ForegroundMasks
from emberline.picture_file import save_picture
from emberline.recorded_frames import frame_range, frames_of
from kernel.media import MediaError
from kernel.site.model import SceneMode


def foreground(
    source: Annotated[str, typer.Argument(help="A .cptv file, a video, a folder of numbered images, or sim:SCENE.")],
    output: Annotated[Path, typer.Option("--out", help="The folder for the masks; made if it is not there.")],
    scene_mode: Annotated[SceneMode, typer.Option(help="As in the site file.")] = "general",
    sensitivity: Annotated[int, typer.Option(help="0 to 100; 0 is off.")] = 50,
    frames: Annotated[str | None, typer.Option(help="Write frames A up to, not including, B: A:B.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, where the source does not say.")] = None,
    kind: Annotated[
        Literal["thermal", "optical"] | None, typer.Option(help="What the camera is, if the guess is wrong.")
    ] = None,
) -> None:
    """The segmentation as 0/255 PNGs, named after the frames' numbers; the background is that of the first 10 s."""
    if not 0 <= sensitivity <= 100:
        raise Unusable(f"--sensitivity {sensitivity}: must be from 0 to 100")
    first, last = frame_range(frames)
    recording = open_source(source, fps=fps)
    masks = ForegroundMasks(kind or guess_kind(source, recording)[0], scene_mode, sensitivity)
    _make_folder(output)
    written, count = 0, 0
    with progress_bar("segmenting") as tell:
        for frame, mask in masks.all_masks(frames_of(recording)):
            if last is not None and frame.number >= last:
                break
            count = frame.number + 1
            if mask is None:
                warn(f"{source}: frame {frame.number} is damaged and gets no mask")
                continue
            if frame.number >= first:
                save_picture(Image.fromarray(mask), output / f"{frame.number:06d}.png")
                written += 1
            tell(count, last or recording.frames)
    if written == 0:
        raise MediaError(f"{source}: has {count} frames, so --frames {first}: selects none")
    print(f"{written} masks written to {output}")


def _make_folder(output: Path) -> None:
    """An empty folder: masks are named like the frames of many a recording, so nothing is overwritten."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        if any(output.iterdir()):
            raise Unusable(f"--out {output}: is not empty; the masks get a folder of their own")
    except OSError as error:
        raise Unusable(f"--out {output}: {error.strerror or error}") from None
