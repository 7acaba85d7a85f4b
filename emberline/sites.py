"""Site files as the commands take them: read, checked, with errors that say what to do."""

from pathlib import Path

import msgspec

from emberline.console import warn
from emberline.errors import Unusable
from kernel.site.model import Site
from kernel.site.reader import SiteErrors, format_error, format_warning, parse_site, read_site_file


class LoadedSite(msgspec.Struct, frozen=True):
    """A site and the document it was read from."""

    document: str
    site: Site


def load_site(path: Path) -> LoadedSite:
    """Read and check a site file; warnings go to stderr. Raises `Unusable` with a line for each error."""
    try:
        document = read_site_file(path)
        return check_document(document, str(path))
    except SiteErrors as errors:
        raise Unusable(*error_lines(str(path), errors)) from None


def check_document(document: str, name: str) -> LoadedSite:
    """Parse a site document, warning of what it asks for in vain. Raises `SiteErrors`."""
    site, warnings = parse_site(document)
    for warning in warnings:
        warn(format_warning(name, warning).removeprefix("warning: "))
    return LoadedSite(document, site)


def error_lines(name: str, errors: SiteErrors) -> list[str]:
    """A line for each mistake, for `Unusable`."""
    return [format_error(name, error).removeprefix("error: ") for error in errors.errors]
