"""How the pictures and clips of an output are to look."""

from collections.abc import Collection
from typing import Literal

import msgspec

from kernel.site.linkage_model import Capture, Ftp, LinkageSettings, Nas, OverlayPart, PaletteName, Sftp


class Look(msgspec.Struct, frozen=True):
    """`lossless`: a clip that was encoded anew is accompanied by its frames as they were received."""

    overlay: Collection[OverlayPart] = ()
    video_overlay: Collection[OverlayPart] = ()
    palette: PaletteName = "ember"
    format: Literal["jpeg", "png"] = "jpeg"
    quality: int = 90
    lossless: bool = False


def look_of(settings: LinkageSettings | None) -> Look:
    """What the settings of a linkage ask for; without any, plain pictures."""
    if settings is None:
        return Look()
    plain = Look()
    return Look(
        overlay=getattr(settings, "overlay", plain.overlay),
        video_overlay=getattr(settings, "video_overlay", plain.video_overlay),
        palette=getattr(settings, "palette", plain.palette),
        format=settings.format if isinstance(settings, Capture) else plain.format,
        quality=settings.quality if isinstance(settings, Capture) else plain.quality,
        lossless=isinstance(settings, Ftp | Sftp | Nas),  # where files are kept, not where they are told
    )
