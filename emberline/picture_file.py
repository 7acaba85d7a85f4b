"""Pictures on their way to the disk."""

from pathlib import Path

from PIL import Image

from emberline.errors import Unusable

KINDS = (".png", ".jpg", ".jpeg")


def check_picture_name(path: Path) -> None:
    """Raise `Unusable` where the name is not one of a picture, before any work is done for it."""
    if path.suffix.lower() not in KINDS:
        raise Unusable(f"--out {path}: the name must end in {', '.join(KINDS)}")


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write the picture. Raises `Unusable` where that fails."""
    try:
        picture.save(path)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror or error}") from None
