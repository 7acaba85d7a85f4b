"""Logs for the users of Rerun and Foxglove: what is written is read back with those tools' own readers."""

import base64
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from emberline import Recording
from support.cli import alarms, emberline, good


def test_an_mcap_file_holds_every_picture_exactly_and_every_event(demo_log: Path, tmp_path: Path) -> None:
    from mcap.reader import make_reader

    good("export", demo_log, "--mcap", tmp_path / "demo.mcap")
    counts: Counter[str] = Counter()
    pictures: list[np.ndarray] = []
    last = 0
    with (tmp_path / "demo.mcap").open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages(log_time_order=False):
            counts[channel.topic] += 1
            body = json.loads(message.data)
            assert schema is not None and last <= message.log_time
            last = message.log_time
            if schema.name == "foxglove.RawImage":
                assert body["encoding"] == "mono16"
                data = np.frombuffer(base64.b64decode(body["data"]), "<u2")
                pictures.append(data.reshape(body["height"], body["width"]))
    with Recording(demo_log) as recording:
        assert counts["/events"] == recording.log.head.seq
        assert all(np.array_equal(a, b) for a, (_, b) in zip(pictures, recording.pixels("thermal"), strict=True))
        assert counts["/thermal/targets"] == recording.events("ObjectsDetected").height
    assert counts["/alarms"] == len(alarms(demo_log))


def test_a_rerun_file_holds_pictures_targets_rules_and_alarms(demo_log: Path, tmp_path: Path) -> None:
    path = tmp_path / "demo.rrd"
    told = good("export", demo_log, "--rerun", path)
    assert path.read_bytes()[:4] in (b"RRF2", b"RRIO") and "thermal/picture: 450" in told
    for entity in ("thermal/targets", "thermal/rules/passage", "thermal/rules/touchy", "alarms: 6"):
        assert entity in told


@pytest.mark.parametrize(("option", "library"), [("--rerun", "rerun"), ("--mcap", "mcap")])
def test_a_missing_library_is_said_with_how_to_get_it(
    demo_log: Path, tmp_path: Path, option: str, library: str
) -> None:
    blocked = tmp_path / "blocked"
    (blocked / library).mkdir(parents=True)
    (blocked / library / "__init__.py").write_text("raise ImportError('not here')")
    (blocked / library / "writer.py").write_text("")
    path = ":".join([str(blocked), str(Path(__file__).resolve().parents[2]), *filter(None, sys.path)])
    result = emberline("export", demo_log, option, tmp_path / "f.out", env={"PYTHONPATH": path})
    assert result.code == 2 and "emberline[export]" in result.err


def test_an_export_says_what_it_can_write_and_where_it_cannot(demo_log: Path, tmp_path: Path) -> None:
    nothing = emberline("export", demo_log)
    assert nothing.code == 2 and "--rerun FILE.rrd" in nothing.err
    for option in ("--mcap", "--rerun"):
        nowhere = emberline("export", demo_log, option, tmp_path / "no" / "such" / "folder.x")
        assert nowhere.code == 2 and "cannot be written" in nowhere.err
