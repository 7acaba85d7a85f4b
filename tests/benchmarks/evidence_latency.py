"""From the frame of an alarm to the action that is handed to its driver, while clips are rendered and while not.

    python -m tests.benchmarks.evidence_latency

Each run has 40 alarms in 24 s of real time, ten at once. The second one has a clip of 5 s, with overlays, and its
lossless frames made for each of them, so that something is rendered all the time.
"""

import signal
import tempfile
from pathlib import Path

import msgspec

from emberline.commands.status import StatusWanted
from emberline.control import ControlClient
from emberline.operation.health import Health
from support.alarm_flood import RULE, passes
from support.daemon import start
from support.recordings import cptv

TARGETS, RULES, QUIET_FRAMES = 4, 10, 90
PLAIN = """
[linkage.siren]
kind = "alarm_output"
number = 1

[linkage.web]
kind = "notify"
pictures = false
"""
CLIPS = """
[linkage.mail]
kind = "nas"
protocol = "local"
share = "{share}"
video = true
video_overlay = true
"""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="emberline-latency-") as directory:
        where = Path(directory)
        (where / "card").mkdir()
        source = cptv(where / "a.cptv", passes(TARGETS, QUIET_FRAMES))
        channel = f'[[channel]]\nid = "thermal"\nkind = "thermal"\nsource = "file:{source}"\n'
        rules = "".join(RULE.format(number=n) for n in range(RULES))
        for name, linkages in (("plain", PLAIN), ("clips", PLAIN + CLIPS.format(share=where / "card"))):
            linked = rules if name == "clips" else rules.replace('"mail", ', "")
            health = _run(where / name, channel + linked + linkages)
            times = health.frame_to_action
            assert times is not None and health.alarms == TARGETS * RULES
            made = len(list((where / "card").rglob("*.mp4")))
            told = f"median {times.median_ms:.1f} ms, 99 % {times.p99_ms:.1f} ms, worst {times.worst_ms:.1f} ms"
            print(f"{name}: {health.alarms} alarms, {made} clips made by then, frame to action {told}")


def _run(log: Path, document: str) -> Health:
    """How the daemon is at its last alarm, while there is still work for whoever renders."""
    site = log.with_suffix(".toml")
    site.write_text(document)
    daemon = start(site, log)
    assert daemon.stdout is not None
    try:
        alarms = 0
        while alarms < TARGETS * RULES:
            line = daemon.stdout.readline()
            assert line, "the daemon ended"
            alarms += "ALARM" in line
        with ControlClient(log) as client:
            return msgspec.json.decode(client.ask("status", StatusWanted()).data, type=Health)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate()


if __name__ == "__main__":
    main()
