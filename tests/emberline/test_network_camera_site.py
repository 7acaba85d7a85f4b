"""The site of docs/drivers.md with a network thermal camera, its temperatures and its contacts, as a daemon runs it."""

import json
import re
import signal
from pathlib import Path

from support.camera_server import camera_server
from support.cli import REPOSITORY, good
from support.daemon import start
from support.waiting import wait_until


def documented_site(url: str, user: str) -> str:
    """The example, with this camera and the alarm input linked to the camera's output."""
    text = (REPOSITORY / "docs" / "drivers.md").read_text()
    example = next(found for found in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "radiometric:" in found)
    assert all(part in example for part in ("https://192.0.2.10", 'ca_file = "camera.pem"', 'user = "emberline"'))
    example = example.replace("https://192.0.2.10", url).replace('ca_file = "camera.pem"', "")
    example = example.replace('user = "emberline"', f'user = "{user}"')
    return example.replace('id = "door"\n', 'id = "door"\nlinkage = ["siren"]\n')


def test_a_contact_of_the_camera_raises_an_alarm_that_switches_the_camera_s_output(tmp_path: Path) -> None:
    with camera_server() as server:
        site, log, secrets = tmp_path / "site.toml", tmp_path / "log", tmp_path / "secrets"
        site.write_text(documented_site(server.url, server.user))
        secrets.mkdir()
        (secrets / "camera").write_text(server.password)
        (secrets / "camera").chmod(0o600)
        daemon = start(site, log)
        asked = {"/ISAPI/Thermal/channels/2", "/ISAPI/System/IO/inputs/1/"}
        wait_until(lambda: all(any(path.startswith(one) for path in server.asked) for one in asked))
        server.inputs[1] = True
        wait_until(lambda: server.outputs == [(1, "high")])
        daemon.send_signal(signal.SIGTERM)
        _, errors = daemon.communicate(timeout=60)
        assert daemon.returncode == 0, errors
        assert server.outputs == [(1, "high"), (1, "low")]
    recorded = good("events", log)
    events = [json.loads(line) for line in recorded.splitlines()]
    (alarm,) = (event["body"] for event in events if event["kind"] == "AlarmRaised")
    assert alarm["type"] == "alarm_input"
    frame = next(event["body"] for event in events if event["kind"] == "FrameCaptured")
    assert (frame["width"], frame["height"], frame["mk_scale"], frame["mk_offset"]) == (16, 12, 10_000, 0)
    assert server.password not in recorded
    assert "replay: identical" in good("replay", log, "--verify")
