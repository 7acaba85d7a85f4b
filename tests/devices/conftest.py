"""What tests of devices share."""

from pathlib import Path

import pytest

from support.host_drivers import write_drivers


@pytest.fixture(scope="session")
def drivers_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the drivers of `support.host_drivers` are."""
    folder = tmp_path_factory.mktemp("drivers")
    write_drivers(folder)
    return folder


@pytest.fixture
def host_drivers(drivers_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have processes find the drivers of `support.host_drivers`."""
    monkeypatch.setenv("PYTHONPATH", str(drivers_folder))
    return drivers_folder
