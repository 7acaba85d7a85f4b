"""Site files, for all who use them: read, check, tell what is wrong, change single values.

site, warnings = parse_site(read_site_file(path))
"""

from kernel.site.default_site import default_site
from kernel.site.document import read_site_file
from kernel.site.parsing import parse_site, read_site
from kernel.site.problems import SiteError, SiteErrors, SiteWarning, format_error, format_warning
from kernel.site.set_values import set_values
from kernel.site.variants import Variants

__all__ = [
    "SiteError",
    "SiteErrors",
    "SiteWarning",
    "Variants",
    "default_site",
    "format_error",
    "format_warning",
    "parse_site",
    "read_site",
    "read_site_file",
    "set_values",
]
