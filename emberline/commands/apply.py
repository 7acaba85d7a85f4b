"""`emberline apply PATCH SITE`"""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from emberline.errors import Unusable
from emberline.sites import error_lines, load_site
from kernel.site.reader import SiteErrors, set_values
from replay.tuning.patch import PatchError, read_patch

MAX_BYTES = 1 << 20


def apply(
    patch: Annotated[Path, typer.Argument(help="A patch that `emberline tune` wrote.")],
    site: Annotated[Path, typer.Argument(help="The site file to change.")],
) -> None:
    """Put recommended settings into a site file; comments and everything else stay as they are."""
    try:
        settings = read_patch(_text(patch))
    except PatchError as error:
        raise Unusable(f"{patch}: {error}") from None
    before = load_site(site).document
    try:
        after = set_values(before, settings)
    except SiteErrors as errors:
        raise Unusable(*error_lines(str(site), errors)) from None
    if after == before:
        print(f"{site} says so already")
        return
    replace_text(site, after)
    for path, value in settings:
        print(f"{path} = {value}")
    print(f"written to {site}; a running daemon takes it over on SIGHUP")


def replace_text(path: Path, text: str) -> None:
    """Write the file anew, whole or not at all, with the permissions it has."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777
    file, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(file, "w", encoding="utf-8", newline="") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()[: MAX_BYTES + 1]
        if len(data) > MAX_BYTES:
            raise Unusable(f"{path}: is larger than {MAX_BYTES >> 20} MiB; is this a patch?")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Unusable(f"{path}: is not UTF-8 text") from None
