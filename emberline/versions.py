"""What folds a session: the versions that SessionStarted records."""

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
