"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from support.demo import demo_log

__all__ = ["demo_log", "shared_data"]
REPOSITORY = Path(__file__).resolve().parent.parent
settings.register_profile("emberline", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("emberline")


def shared_data_path() -> Path | None:
    """The shared recordings, if they are beside the repository or where EMBERLINE_SHARED_DATA says."""
    named = os.environ.get("EMBERLINE_SHARED_DATA")
    path = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return path if (path / "INDEX.md").is_file() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings with ground truth; the test is skipped where it is absent."""
    path = shared_data_path()
    if path is None:
        pytest.skip("the shared recordings are not here; set EMBERLINE_SHARED_DATA to their folder")
    return path
