"""What folds a session: the versions that SessionStarted records."""

from collections.abc import Mapping
from importlib.metadata import version

from kernel.schedule import tzdata_version


def versions() -> dict[str, str]:
    """Names and versions of the software, of the libraries whose results enter the fold, and of tzdata."""
    from av import library_versions

    codecs = library_versions["libavcodec"]
    return {
        "emberline": version("emberline"),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "av": version("av"),
        "libavcodec": ".".join(str(n) for n in codecs),
        "tzdata": tzdata_version(),
    }


def other_versions(recorded: Mapping[str, str]) -> str:
    """What a session was recorded with and is not in use now, in words; empty where all is the same.

    Other versions may conclude otherwise: with other tzdata a schedule may arm at another moment.
    """
    now = versions()
    other = sorted(name for name in now if recorded.get(name, now[name]) != now[name])
    return ", ".join(f"{name} {recorded[name]} (now {now[name]})" for name in other)
