"""What-if settings: `--site` replaces every recorded site document, `--set` applies on top."""

from emberline.errors import Unusable
from emberline.sites import error_lines
from kernel.engine import ReadSite, recorded_site
from kernel.site.model import Site
from kernel.site.reader import SiteErrors, set_values


def changed_site(document: str | None, settings: list[str]) -> ReadSite:
    """How an Engine reads a recorded document under these settings, each `PATH=VALUE`.

    Reading raises `Unusable` where a setting does not fit the site.
    """
    pairs = [_pair(s) for s in settings]

    def read(recorded: str) -> Site:
        text = recorded if document is None else document
        try:
            return recorded_site(set_values(text, pairs) if pairs else text)
        except SiteErrors as errors:
            raise Unusable(*error_lines("--set" if pairs else "--site", errors)) from None

    return read


def _pair(setting: str) -> tuple[str, str]:
    path, equals, value = setting.partition("=")
    if not equals or not path.strip():
        raise Unusable(f"--set {setting}: write PATH=VALUE, for example rule.gate.sensitivity=60")
    return path.strip(), value.strip()
