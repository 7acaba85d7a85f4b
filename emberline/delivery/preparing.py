"""Making an entry of the outbox ready: its notice in words, its pictures and clips."""

from pathlib import Path

import msgspec

from devices.notice import Attachment, write_notice
from emberline.alarm_picture import site_at
from emberline.civil import Calendar, Moments
from emberline.delivery.evidence import Moment, moment_of, scene_of, wanted_for
from emberline.delivery.look import look_of
from emberline.delivery.notices import Find, Occasion, notice_of, occasion_of
from emberline.delivery.outbox import Outbox, Request
from emberline.delivery.rendering import About
from emberline.delivery.scene import SceneMissing, Wanted
from emberline.delivery.workshop import Order, Workshop
from kernel.events import ActionRequested, Event
from kernel.log.contract import EventLog
from kernel.site.model import Site


class Plan(msgspec.Struct, frozen=True):
    """What an entry will hold, and what of the channels has to be in the log before it can be made."""

    action: Event
    occasion: Occasion
    site: Site
    moments: Moments
    moment: Moment
    wanted: tuple[Wanted, ...]

    def waits_for(self) -> dict[str, int]:
        """By channel, the captured_ns up to which its frames are needed."""
        return {wanted.channel: wanted.last_ns for wanted in self.wanted}


def plan(log: EventLog, find: Find, request: Request, current: tuple[Site, Moments] | None) -> Plan:
    """What the entry needs. `current` are site and time of the running session where the action is of that.

    `find` looks events up in the log.

    Raises `KeyError` where the log does not hold the action or what set it off.
    """
    action = find(request.seq)
    site, moments = current or (site_at(log, action), Calendar(log).moments(action))
    occasion = occasion_of(find, action)
    assert isinstance(action.body, ActionRequested)
    moment = moment_of(find, action.body, occasion)
    return Plan(action, occasion, site, moments, moment, tuple(wanted_for(action.body.media, moment.captured_ns)))


def prepare(log: EventLog, outbox: Outbox, path: Path, request: Request, plan: Plan, workshop: Workshop) -> None:
    """Make the entry's files and its notice. Raises `OSError` where the disk fails."""
    made: list[Attachment] = []
    missing: list[str] = []
    notice = notice_of(plan.action, plan.occasion, plan.site, plan.moments)
    about = About(notice.key, notice.seq, notice.summary, plan.moments)
    link = next((link for link in plan.site.linkages if link.id == request.output), None)
    look = look_of(None if link is None else link.settings)
    if plan.wanted and outbox.is_full():
        missing.append("pictures and clips: the outbox is full")
    else:
        for wanted in plan.wanted:
            try:
                scene = scene_of(log, wanted, plan.moment, plan.occasion, plan.site)
            except (SceneMissing, KeyError) as error:
                missing.append(f"files of {wanted.channel}: {error}")
                continue
            files, gaps = workshop.make(Order(scene, about, path, look))
            made += files
            missing += gaps
    write_notice(path, msgspec.structs.replace(notice, attachments=tuple(made), missing=tuple(missing)))
