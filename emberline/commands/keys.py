"""`emberline keys`"""

from pathlib import Path
from typing import Annotated

import typer

from devices.curve import list_keys, make_keys
from devices.secrets import SecretError
from emberline.console import columns
from emberline.errors import Unusable

keys = typer.Typer(no_args_is_help=True, help="CURVE keys of drivers that connect over tcp://: docs/wire.md.")
Directory = Annotated[Path, typer.Argument(help="The directory of the keys.")]


@keys.command("make")
def make(
    directory: Directory, name: Annotated[str, typer.Argument(help="`daemon`, or the id of a driver's channel.")]
) -> None:
    """Make a pair of keys: NAME.key, and NAME.key_secret that only its owner may read."""
    try:
        pair = make_keys(directory, name)
    except SecretError as error:
        raise Unusable(str(error)) from None
    print(f"{name}  {pair.public.decode()}")


@keys.command("list")
def list_(directory: Directory) -> None:
    """The keys of a directory, and whether their secrets are here."""
    try:
        listed = list_keys(directory)
    except SecretError as error:
        raise Unusable(str(error)) from None
    rows = [[k.name, k.public or "-", "yes" if k.secret else "no", k.trouble] for k in listed]
    print(*columns(["name", "public key", "secret here", ""], rows), sep="\n")
