"""The peers that need an interpreter of their own, since their OpenCV is not ours: dvr-scan and trackeval.

`make .venv-peers/.installed` sets it up; where it is missing, the tables say so.
"""

import json
import re
import subprocess
import tempfile
from pathlib import Path

from tests.accuracy.identity import Boxes

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PEERS = REPOSITORY / ".venv-peers" / "bin"
_EVENT = re.compile(r"^\|\s*Event\s+\d+\s*\|\s*(\S+)\s*\|\s*\S+\s*\|\s*(\S+)\s*\|", re.MULTILINE)


def there() -> bool:
    """Whether the peers are installed."""
    return (PEERS / "dvr-scan").exists()


def track_scores(truth: Boxes, found: Boxes) -> dict[str, float]:
    """HOTA and IDF1 by trackeval."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "truth.json", Path(folder) / "found.json"]
        for file, boxes in zip(files, (truth, found), strict=True):
            file.write_text(json.dumps(boxes))
        script = Path(__file__).with_name("peers_trackeval.py")
        return json.loads(_run([str(PEERS / "python"), str(script), *map(str, files)]))


def motion_events(clip: Path) -> list[tuple[float, float]]:
    """Beginning and end, in seconds, of the motion events that dvr-scan finds in a video with its defaults."""
    out = _run([str(PEERS / "dvr-scan"), "-i", str(clip), "--scan-only"])
    return [(_seconds(a), _seconds(b)) for a, b in _EVENT.findall(out)]


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


def _seconds(timecode: str) -> float:
    hours, minutes, seconds = timecode.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
