"""Many alarms at once: none is lost, each is told once, mails are gathered. `make alarm-flood` does it at full size."""

from pathlib import Path

from support.alarm_flood import flood


def test_forty_alarms_in_a_few_seconds_are_each_told_once_by_a_handful_of_mails(tmp_path: Path) -> None:
    found = flood(tmp_path, 2, 20, 36, "--speed", "max")
    assert len(found.raised) == 40
    assert found.mailed == found.raised
    assert found.posted == found.raised
    assert found.mails == 2 and found.largest_mail == 20
    assert (found.failed, found.left) == (0, 0)
    assert found.peak_mb - found.rss_mb < 150
