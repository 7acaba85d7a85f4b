"""What can raise an alarm, in one form: the rules, the detectors of a channel, and the alarm inputs of a site."""

import msgspec

from kernel.events import AlarmType, DetectorName
from kernel.site.model import Channel, Rule, Site


class AlarmSource(msgspec.Struct, frozen=True):
    """One of them. `id` is the rule's, `motion.thermal` or `alarm_input.door`; ids have no dots, so these differ.

    `channel` is empty for an alarm input, `rule` for all but rules, `input` for all but inputs. `origin` is the source
    of its events. `enabled` is False also where its sensitivity is 0.
    """

    id: str
    origin: str
    type: AlarmType
    name: str
    enabled: bool
    schedule: str
    linkage: tuple[str, ...]
    channel: str = ""
    rule: str = ""
    detector: DetectorName | None = None
    input: str = ""
    single_alarm: bool = True
    repeat_interval_ns: int = 0


def alarm_sources(site: Site) -> tuple[AlarmSource, ...]:
    """All of a site: its rules in the order of the file, then the channels' detectors, then the alarm inputs."""
    rules = tuple(_of_rule(rule) for rule in site.rules)
    detectors = tuple(source for channel in site.channels for source in _of_channel(channel))
    inputs = tuple(
        AlarmSource(
            id=f"alarm_input.{one.id}",
            origin=f"alarm_input.{one.id}",
            type="alarm_input",
            name=one.name,
            enabled=one.enabled,
            schedule=one.schedule,
            linkage=one.linkage,
            detector="alarm_input",
            input=one.id,
        )
        for one in site.alarm_inputs
    )
    return rules + detectors + inputs


def source_id(detector: DetectorName, of: str) -> str:
    """The id of a channel's detector or of an alarm input."""
    return f"{detector}.{of}"


def _of_rule(rule: Rule) -> AlarmSource:
    return AlarmSource(
        id=rule.id,
        origin=f"rule.{rule.id}",
        type=rule.type,
        name=rule.name or rule.id,
        enabled=rule.enabled and rule.sensitivity > 0,
        schedule=rule.schedule,
        linkage=rule.linkage,
        channel=rule.channel,
        rule=rule.id,
        single_alarm=rule.single_alarm,
        repeat_interval_ns=rule.repeat_interval_ns,
    )


def _of_channel(channel: Channel) -> list[AlarmSource]:
    found: list[AlarmSource] = []
    motion, tamper, change = channel.motion, channel.tamper, channel.scene_change
    if motion is not None:
        enabled = motion.enabled and (motion.mode == "expert" or motion.sensitivity > 0)
        found.append(_of_detector("motion", channel, enabled, motion.schedule, motion.linkage))
    if tamper is not None:
        enabled = tamper.enabled and tamper.sensitivity > 0
        found.append(_of_detector("tamper", channel, enabled, tamper.schedule, tamper.linkage))
    if change is not None:
        enabled = change.enabled and change.sensitivity > 0
        found.append(_of_detector("scene_change", channel, enabled, change.schedule, change.linkage))
    return found


def _of_detector(
    detector: DetectorName, channel: Channel, enabled: bool, schedule: str, linkage: tuple[str, ...]
) -> AlarmSource:
    id = source_id(detector, channel.id)
    name = f"{detector.replace('_', ' ')}, {channel.name or channel.id}"
    return AlarmSource(
        id=id,
        origin=id,
        type=detector,
        name=name,
        enabled=enabled,
        schedule=schedule,
        linkage=linkage,
        channel=channel.id,
        detector=detector,
    )
