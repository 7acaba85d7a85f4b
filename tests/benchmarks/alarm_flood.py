"""A thousand alarms in a minute through the daemon, in real time: are all told, and in how much memory?

python -m tests.benchmarks.alarm_flood
"""

import tempfile
from pathlib import Path

from support.alarm_flood import flood

TARGETS, RULES, QUIET_FRAMES = 10, 100, 540


def main() -> int:
    """Measure and print; 1 where an alarm was lost."""
    with tempfile.TemporaryDirectory(prefix="emberline-flood-") as where:
        found = flood(Path(where), TARGETS, RULES, QUIET_FRAMES)
    unmailed = set(found.raised) - set(found.mailed)
    lost = max(0, found.unanswered - found.left)
    print(f"alarms raised           {len(found.raised)}")
    print(f"mails                   {found.mails}, the largest of {found.largest_mail} alarms")
    print(f"not mailed              {len(unmailed)}")
    print(f"posted by the end       {len(found.posted)}; actions that still wait in the outbox {found.left}")
    print(f"actions failed, lost    {found.failed}, {lost}")
    print(f"memory                  {found.rss_mb:.0f} MB at the first alarm, {found.peak_mb:.0f} MB at most")
    print(f"the run took            {found.took_s:.0f} s")
    return int(bool(unmailed) or lost > 0 or found.failed > 0 or len(found.raised) < TARGETS * RULES)


if __name__ == "__main__":
    raise SystemExit(main())
