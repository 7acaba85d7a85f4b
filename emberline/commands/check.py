"""`emberline check SITE`"""

from pathlib import Path
from typing import Annotated

import typer

from detectors.recogniser.onlooker import load_models
from emberline.sites import load_site


def check(site: Annotated[Path, typer.Argument(help="The site file (TOML).")]) -> None:
    """Validate a site file: every error on a line of its own, with path, line, value and what is allowed."""
    loaded = load_site(site)
    load_models(loaded.site, site.parent)
    channels, rules = len(loaded.site.channels), len(loaded.site.rules)
    print(f"{site}: good: {channels} channel{'s' * (channels != 1)}, {rules} rule{'s' * (rules != 1)}")
