"""Alarms judged by clicking in a notebook are labels in the log like any other."""

from pathlib import Path

import ipywidgets as widgets
import pytest

from emberline import Recording
from emberline.labeller import AlarmLabeller
from support.cli import good
from support.recordings import cptv, walk
from support.sites import whole_frame


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One session with one alarm."""
    where = tmp_path_factory.mktemp("click")
    site = where / "site.toml"
    site.write_text(whole_frame())
    good("import", cptv(where / "1.cptv", walk(80)), "--log", where / "log", "--site", site)
    good("replay", where / "log")
    return where / "log"


def parts(labeller: AlarmLabeller) -> tuple[widgets.Dropdown, dict[str, widgets.Button], widgets.Label]:
    _, row = labeller.children
    picture, panel = row.children
    assert isinstance(picture, widgets.Image) and bytes(picture.value).startswith(b"\xff\xd8")
    _, cause, buttons, said = panel.children
    return cause, {button.description: button for button in buttons.children}, said


def labels(log: Path) -> list[tuple[str | None, str | None]]:
    with Recording(log, progress=False) as recording:
        return recording.alarms().select("label", "label_cause").rows()


def test_a_click_is_written_into_the_log_at_once_and_the_last_one_counts(log: Path) -> None:
    cause, buttons, said = parts(AlarmLabeller(log))
    assert said.value == "not judged yet" and labels(log) == [(None, None)]
    cause.value = "insect"
    buttons["false"].click()
    assert labels(log) == [("false", "insect")] and said.value == "all#1 of session 1: false"
    buttons["true"].click()
    assert labels(log) == [("true", None)], "a true alarm has no cause of being false"
    assert parts(AlarmLabeller(log))[2].value.strip() == "true"


def test_what_cannot_be_written_is_said_beside_the_buttons(log: Path) -> None:
    _, buttons, said = parts(AlarmLabeller(log))
    log.rename(log.with_name("gone"))
    try:
        buttons["false"].click()
        assert said.value.startswith("not written")
    finally:
        log.with_name("gone").rename(log)
