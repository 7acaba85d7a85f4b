"""The demo's log, made once for each test process that asks for it."""

from pathlib import Path

import pytest

from support.cli import REPOSITORY, good


@pytest.fixture(scope="session")
def demo_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of the demo's simulated site, as `make demo` records it."""
    log = tmp_path_factory.mktemp("demo") / "log"
    good("run", "--site", REPOSITORY / "datasets/sites/demo.toml", "--log", log, "--speed", "max", "--until-end")
    return log
