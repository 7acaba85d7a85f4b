"""Facts: what reached the system. Their order is decided once, when they are recorded."""

from typing import Literal

import msgspec

from kernel.events.words import (
    Body,
    Box,
    Cause,
    Label,
    PixelFormat,
)


class ActionKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What names an action in every run mode."""

    output: str
    ordinal: int


class Carried(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the run before left undone: the outputs that are still on, the last number used for each output, and the
    actions that nobody confirmed. They are sent again under the same keys, the outputs are switched off."""

    outputs: tuple[str, ...]
    ordinals: dict[str, int]
    unconfirmed: tuple[ActionKey, ...]


class SessionStarted(Body, frozen=True):
    """A run of the daemon or an import began. `versions` names the software, libraries and tzdata that fold it.

    `carried` is what a crash, or outputs that could not be reached, left to be seen to first; None if nothing.
    """

    mode: Literal["run", "import"]
    schema: int
    versions: dict[str, str]
    channels: tuple[str, ...]
    carried: Carried | None = None


class SessionEnded(Body, frozen=True):
    """Nothing more follows in this session: live alarms are cleared, outputs released."""

    reason: str


class ConfigChanged(Body, frozen=True):
    """The whole site file as it stood from here on, and who changed it."""

    document: str
    who: str


class ClockSet(Body, frozen=True):
    """Civil time (ns since 1970, UTC) is logical time + `offset_ns` from here on."""

    offset_ns: int
    why: str


class FrameCaptured(Body, frozen=True):
    """One frame of a channel. The payload (`codec`) is kept beside the event, in the frames file.

    `captured_ns` is the device's clock mapped to logical time. `key` says that the payload decodes without the ones
    before it. `mk_scale`, `mk_offset`: millikelvin = counts × mk_scale / 1000 + mk_offset, for radiometric thermal.
    """

    captured_ns: int
    width: int
    height: int
    pixel_format: PixelFormat
    codec: str
    key: bool
    payload_bytes: int
    payload_sha256: str
    shutter: Literal["open", "closed", "corrected"] | None = None
    night: bool | None = None
    mk_scale: int | None = None
    mk_offset: int | None = None


class FramesLost(Body, frozen=True):
    """`count` frames of the channel never reached the detectors; zero where the number is not known."""

    count: int
    reason: str


class DeviceOnline(Body, frozen=True):
    """A driver said hello; `capabilities` is what it announced."""

    driver: str
    capabilities: dict[str, str]


class DeviceOffline(Body, frozen=True):
    """A driver ended or fell silent."""

    driver: str
    reason: str


class DeviceFault(Body, frozen=True):
    """A driver reported, or caused, something wrong; it goes on."""

    driver: str
    reason: str


class AlarmInputChanged(Body, frozen=True):
    """The contact of the alarm input with this number closed or opened, before any debouncing."""

    number: int
    closed: bool


class StorageFull(Body, frozen=True):
    """Storage is full: `detail` says what gives way. Said again only after StorageFreed."""

    free_bytes: int
    detail: str


class StorageFreed(Body, frozen=True):
    """Storage is no longer full."""

    free_bytes: int


class StorageFault(Body, frozen=True):
    """Something could not be written or read."""

    detail: str


class SegmentsPruned(Body, frozen=True):
    """Frames, or the events, of these segments were removed on purpose: `freed_bytes` of them, and why."""

    part: Literal["frames", "events"]
    segments: tuple[str, ...]
    freed_bytes: int
    why: Literal["expired", "quota", "disk"]


class AddressConflict(Body, frozen=True):
    """Another device in the network uses this device's address."""

    address: str


class LoginFailed(Body, frozen=True):
    """Somebody who could not prove who they are was turned away."""

    who: str
    address: str
    detail: str


class CommandReceived(Body, frozen=True):
    """An operator's command, as given: `name` is one of the command line's, `arguments` its words."""

    name: str
    arguments: tuple[str, ...]
    who: str


class AlarmReviewed(Body, frozen=True):
    """Somebody judged an alarm, which changes no conclusion; what was said last counts.

    `session` is the fact_no of the SessionStarted of the alarm's session; (`session`, `rule`, `ordinal`) names it.
    """

    session: int
    channel: str
    rule: str
    ordinal: int
    label: Label
    cause: Cause | None
    note: str
    who: str


class ActionFinished(Body, frozen=True):
    """The driver of an output confirmed the action with this key.

    `earlier` is the seq of the ActionRequested where that was in an earlier session, otherwise 0: a notice waits for a
    day, but ordinals go on only from what the last segments say, so that its key may have been given again since.
    """

    output: str
    ordinal: int
    earlier: int = 0


class ActionFailed(Body, frozen=True):
    """The action with this key was not carried out; `earlier` as in ActionFinished."""

    output: str
    ordinal: int
    reason: str
    earlier: int = 0


class PictureKept(Body, frozen=True):
    """A picture that the capture with this key asked for lies in `file`, relative to the log's directory.

    `sha256` is that of the file, `frame_sha256` that of the frame's payload as FrameCaptured names it.
    """

    output: str
    ordinal: int
    channel: str
    file: str
    bytes: int
    sha256: str
    frame_sha256: str


class PicturesPruned(Body, frozen=True):
    """So many kept pictures, the oldest ones, were removed on purpose, and why."""

    files: int
    freed_bytes: int
    why: Literal["expired", "quota", "disk"]


class LogRecovered(Body, frozen=True):
    """Opening the log for this session mended something, or found that something is gone.

    `what` is one of write_ahead_cut, events_lost, payloads_lost, quarantined and ledger_mended, `where` the file or
    segment, `lost` the number of events or payloads that are gone (0: none), `detail` why, and where the damaged file
    is kept.
    """

    what: str
    where: str
    lost: int
    detail: str


class RecognisedObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a recogniser took something for: the model's own class number, `confidence` in millionths."""

    kind: int
    confidence: int
    box: Box


class ObjectsRecognised(Body, frozen=True):
    """What a model, running beside the fold, found in a part (`box`) of one frame of the channel.

    The frame is the one of the channel with this `captured_ns`. `model` is the file as the site file names it,
    `model_sha256` the digest of its content. `objects` are all that it gave at least some confidence, the surest
    first, so that other classes or another confidence can be asked for later without the model.
    """

    captured_ns: int
    box: Box
    model: str
    model_sha256: str
    objects: tuple[RecognisedObject, ...]


class Ticked(Body, frozen=True):
    """A watermark of logical time while nothing else happens, so that due timers fire."""
