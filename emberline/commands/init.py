"""`emberline init SOURCE`"""

from typing import Annotated

import typer

from devices.recordings import open_source
from emberline.errors import Unusable
from emberline.first_site import look_at, site_document
from emberline.sites import check_document, error_lines
from kernel.site.reader import SiteErrors


def init(
    source: Annotated[str, typer.Argument(help="A .cptv file, a video, a folder of numbered images, or sim:SCENE.")],
    fps: Annotated[float | None, typer.Option(help="Frames a second, where the source does not say.")] = None,
) -> None:
    """Look at a recording and print a site file for it: emberline init SOURCE > site.toml"""
    document = site_document(look_at(source, open_source(source, fps=fps), fps))
    try:
        check_document(document, "the site file made of it")
    except SiteErrors as errors:
        raise Unusable(*error_lines("the site file made of it", errors)) from None
    print(document, end="")
