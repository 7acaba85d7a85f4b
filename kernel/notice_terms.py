"""On which terms each kind of linkage is told of alarms: what goes along, how soon, and what is gathered."""

import msgspec

from kernel.events import MediaWanted
from kernel.occurrences import Occurrence
from kernel.site.linkage_model import Audible, Email, Ftp, Http, LinkageSettings, Mqtt, Nas, Notify, Sftp

SECOND_NS = 1_000_000_000
SETTLE_NS = SECOND_NS // 2
"""What goes along is asked for so long after the last of it was captured, so that it has arrived."""
AUDIBLE_ONCE_NS = 2 * SECOND_NS
"""How long a sound is taken to last when it is played once."""
CLIPS = {3: (1, 2), 5: (2, 3), 7: (2, 5)}
"""Seconds of a clip: how many before and how many after the alarm."""
UPLOADED_CLIP_S = 5


class Terms(msgspec.Struct, frozen=True):
    """`cool_down_ns`: a notice goes out no earlier than so long after the one before; what comes meanwhile is gathered
    into it. 0: each goes out alone. `gather_ns`: the first one waits so long for others. `ends`: ends are told too."""

    command: str
    cool_down_ns: int = 0
    gather_ns: int = 0
    ends: bool = False


def terms_of(settings: LinkageSettings) -> Terms | None:
    """The terms of a kind; None where it is told nothing."""
    match settings:
        case Email():
            return Terms("deliver", settings.cool_down_ns, SETTLE_NS)
        case Ftp() | Sftp() | Nas():
            return Terms("deliver", settings.cool_down_ns)
        case Http() | Notify() | Mqtt():
            return Terms("deliver", ends=True)
        case Audible():
            return Terms("play", settings.times * AUDIBLE_ONCE_NS)
        case _:
            return None


def fixed_parameters(settings: LinkageSettings) -> dict[str, str]:
    """What the driver must know whatever is told."""
    if isinstance(settings, Audible):
        return {"file": settings.file, "times": str(settings.times), "volume": str(settings.volume)}
    return {}


def life_sign_ns(settings: LinkageSettings) -> int:
    """How often the output is told that all is well; 0 is never."""
    return settings.life_sign_ns if isinstance(settings, Http | Notify | Mqtt) else 0


def media_of(settings: LinkageSettings, occurrence: Occurrence, channels: tuple[str, ...]) -> tuple[MediaWanted, ...]:
    """What goes along: nothing with an end or an exception. `channels` are all of the site, for an alarm of none."""
    if not occurrence.active or occurrence.type is None:
        return ()
    here = (occurrence.channel,) if occurrence.channel else channels
    match settings:
        case Email():
            wanted = [p for channel, count in settings.images for p in _pictures(channel, count, settings)]
            clip = settings.video
            return (*wanted, *(() if clip is None or not clip.seconds else (_clip(clip.channel, clip.seconds),)))
        case Ftp() | Sftp() | Nas():
            pictures = [_picture(channel) for channel in here if settings.pictures]
            return (*pictures, *(_clip(channel, UPLOADED_CLIP_S) for channel in here if settings.video))
        case Http() | Notify():
            return tuple(_picture(channel) for channel in here if settings.pictures)
        case _:
            return ()


def wait_ns(media: tuple[MediaWanted, ...], occurrence: Occurrence) -> int:
    """How long until all that goes along has been captured; the frame of the alarm itself is there already."""
    to_come = [m for m in media if m.to_ns > 0 or m.channel != occurrence.channel]
    return max((max(m.to_ns, 0) + SETTLE_NS for m in to_come), default=0)


def _picture(channel: str, at_ns: int = 0) -> MediaWanted:
    return MediaWanted("picture", channel, at_ns, at_ns)


def _pictures(channel: str, count: int, settings: Email) -> list[MediaWanted]:
    """None, the one of the alarm, or one before, at and after it."""
    step = settings.image_interval_ns
    return [_picture(channel, at) for at in {0: (), 1: (0,), 3: (-step, 0, step)}[count]]


def _clip(channel: str, seconds: int) -> MediaWanted:
    before, after = CLIPS[seconds]
    return MediaWanted("clip", channel, -before * SECOND_NS, after * SECOND_NS)
