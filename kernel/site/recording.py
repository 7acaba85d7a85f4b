"""Reading `[recording]` and `[[recording.plan]]`."""

from typing import get_args

from kernel.site.checks import Choice, flag, list_of, seconds, whole
from kernel.site.fields import Table
from kernel.site.model import ALWAYS, PlanType, Recording, RecordingPlan
from kernel.site.names import Names
from kernel.site.vca import SECOND_NS

TYPE = Choice[PlanType](*get_args(PlanType))
MAX_DAYS = 3650


def read_recording(table: Table | None, names: Names) -> Recording:
    if table is None:
        return Recording()
    default = Recording()
    recording = Recording(
        overwrite=table.take("overwrite", flag, default.overwrite),
        expire_days=table.take("expire_days", whole(1, MAX_DAYS), default.expire_days),
        evidence_expire_days=table.take("evidence_expire_days", whole(1, MAX_DAYS), None),
        quota_mb=table.take("quota_mb", whole(100, 1_000_000_000), default.quota_mb),
        plans=tuple(_read_plan(t, names) for t in table.tables("plan")),
    )
    table.close()
    return recording


def _read_plan(table: Table, names: Names) -> RecordingPlan:
    plan = RecordingPlan(
        channels=table.need("channels", list_of(names.channel, low=1)) or (),
        type=table.need("type", TYPE) or "event",
        schedule=table.take("schedule", names.schedule, ALWAYS),
        pre_record_ns=table.take("pre_record", seconds(0, 60), 5 * SECOND_NS),
        post_record_ns=table.take("post_record", seconds(0, 600), 10 * SECOND_NS),
    )
    table.close()
    return plan
