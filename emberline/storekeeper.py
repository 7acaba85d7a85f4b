"""The daemon's storekeeper: sees to it that the log stays within its bounds, and says when there is no room.

It also has the events of each day that is over put into one file.

A thread of its own looks at sizes and removes what may go, since both take a while with many files; the daemon's loop
asks often whether frames may be recorded, and admits what there is to tell as facts.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from emberline import kept_pictures
from emberline.backlog import Backlog
from emberline.kept_pictures import KeptPictures
from kernel import ages, evidence
from kernel import events as e
from kernel.ages import Ages
from kernel.evidence import Evidence
from kernel.log.closing import close_days
from kernel.log.contract import EventLog, LogError, Selection
from kernel.log.day_desk import DayDesk
from kernel.log.ledger_file import read_ledger
from kernel.log.retention import (
    DAY_NS,
    Choice,
    Policy,
    choose,
    prune,
    remove_leftovers,
    stored_segments,
    waiting_bytes,
)
from kernel.log.room import Reserve, free_bytes, margins_for, total_bytes, used_bytes
from kernel.log.rotation import SEGMENT_NS
from kernel.references import CHANNEL_SOURCE
from kernel.site.model import Recording

SOURCE = "storage"
LOOK_S = 0.25
"""Between two looks at the free space."""
ROUND_S = 2.0
"""Between two rounds of the thread; longer where a round takes long, shorter where much is recorded."""
LOST_EVERY_NS = 60_000_000_000
"""How often the frames that were dropped are told, while there is no room."""
SHARE = 8
"""A round is made as soon as this share of the headroom was recorded."""
LONG_NS = 4 * SEGMENT_NS
"""Also once so much logical time has passed, which at speed max is soon: even an empty segment takes a megabyte."""
MEGABYTE = 1_000_000

HEEDED = (*evidence.KINDS, *ages.KINDS, *kept_pictures.KINDS)
"""The events that decide what may go."""

Fact = tuple[str, e.Body]
"""Source and body."""


def policy_of(recording: Recording) -> Policy:
    """What a site file asks for."""
    evidence_days = recording.evidence_expire_days or recording.expire_days
    return Policy(
        recording.quota_mb * MEGABYTE, recording.expire_days * DAY_NS, evidence_days * DAY_NS, recording.overwrite
    )


class Storekeeper:
    """Bounds the log in `directory`, which `log` writes. To be left before the log is closed."""

    def __init__(self, directory: Path, log: EventLog) -> None:
        self._directory = directory
        self._log = log
        self._margins = margins_for(total_bytes(directory))
        self._reserve = Reserve(directory, self._margins.reserve)
        self._policy = policy_of(Recording())
        self._now = log.head.time
        self._begins_with = log.head.seq
        self._evidence = Evidence()
        self._ages = Ages()
        self._pictures = KeptPictures(directory)
        self._over_quota = False
        self._backlog = Backlog()
        self._written = 0
        self._last_round = self._now
        self._free = free_bytes(directory)
        self._looked = 0.0
        self._full = False
        self._dropped: dict[str, int] = {}
        self._waits_for_key: set[str] = set()
        self._told_lost = 0
        self._faults: set[str] = set()
        self._facts: list[Fact] = []
        self._noted: list[e.Event] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._days = DayDesk(directory)
        self._thread = threading.Thread(target=self._run, name="storekeeper", daemon=True)

    def __enter__(self) -> "Storekeeper":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._try(self._reserve.give_up)

    def start(self) -> None:
        """From now on the log is kept within its bounds."""
        self._try(self._set_up_reserve)
        self._thread.start()

    def close(self) -> None:
        """Stop removing things. Allowed twice."""
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def follow(self, recording: Recording) -> None:
        """Heed these settings from now on."""
        self._policy = policy_of(recording)
        self._log.limit_segments(self._policy.segment_bytes)
        self._wake.set()

    def note_all(self, unit: Sequence[e.Event]) -> None:
        """Hear of events that were admitted."""
        for event in unit:
            self.note(event)

    def note(self, event: e.Event) -> None:
        """Hear of an event that was admitted."""
        if event.kind in HEEDED:
            with self._lock:
                self._noted.append(event)

    @property
    def asks_to_wait(self) -> bool:
        """Whether sources that can wait, as recordings can, should: more was recorded than is sealed."""
        return self._backlog.is_too_much

    def takes(self, channel: str, is_key: bool, size: int) -> bool:
        """Whether a frame of `size` bytes may be recorded; one that may not is counted. After a gap a key frame comes
        first."""
        if not self._full and (is_key or channel not in self._waits_for_key):
            self._waits_for_key.discard(channel)
            self._written += size
            return True
        self._waits_for_key.add(channel)
        self._dropped[channel] = self._dropped.get(channel, 0) + 1
        return False

    def facts(self, now: int) -> list[Fact]:
        """What is to be recorded by logical time `now`; looks at the free space every now and then."""
        self._now = now
        if time.monotonic() - self._looked >= LOOK_S:
            self._looked = time.monotonic()
            self._look()
        if self._dropped and (not self._waits_for_key or now - self._told_lost >= LOST_EVERY_NS):
            self._tell_lost(now)
        with self._lock:
            facts, self._facts = self._facts, []
        return facts

    def last_facts(self, now: int) -> list[Fact]:
        """What is left to tell when the session ends."""
        self.close()
        self._tell_lost(now)
        return self.facts(now)

    # The free space, in the daemon's loop

    def _look(self) -> None:
        self._free = free_bytes(self._directory)
        self._spend_reserve(self._free)
        much = self._written > self._policy.headroom // SHARE or self._now > self._last_round + LONG_NS
        if much or self._free < self._margins.scarce:
            self._wake.set()
        if not self._full and (self._over_quota or self._free < self._margins.stop):
            self._full = True
            self._told_lost = self._now
            self._tell(e.StorageFull(self._free, self._why_full()))
        elif self._full and not self._over_quota and self._free >= self._margins.resume:
            self._full = False
            self._tell(e.StorageFreed(self._free))
            self._try(self._set_up_reserve)

    def _why_full(self) -> str:
        what = "frames are no longer recorded; events still are"
        if self._over_quota:
            return f"the quota of {self._policy.quota_bytes // MEGABYTE} MB is used up: {what}"
        return f"the disk has {self._free // MEGABYTE} MB left: {what}"

    def _spend_reserve(self, free: int) -> None:
        if free < self._margins.give_up:
            self._try(self._reserve.give_up)

    def _set_up_reserve(self) -> None:
        if not self._reserve.is_there and free_bytes(self._directory) >= self._margins.stop + self._margins.reserve:
            self._reserve.set_up()

    def _tell(self, body: e.Body) -> None:
        with self._lock:
            self._facts.append((SOURCE, body))

    def _tell_lost(self, now: int) -> None:
        self._told_lost = now
        with self._lock:
            for channel, count in sorted(self._dropped.items()):
                self._facts.append((CHANNEL_SOURCE + channel, e.FramesLost(count, "storage full")))
        self._dropped.clear()

    # What may go, in a thread

    def _run(self) -> None:
        self._try(self._begin)
        took = 0.0
        while not self._closing:
            begun = time.monotonic()
            self._try(self._round)
            took = time.monotonic() - begun
            if not self._backlog.is_too_much:
                self._wake.wait(max(ROUND_S, 20 * took))
            self._wake.clear()
            self._wake.wait(LOOK_S)  # however often it is woken
        self._try(self._days.close)

    def _begin(self) -> None:
        remove_leftovers(self._directory)
        for event in self._log.read(Selection(last=self._begins_with, kinds=HEEDED)):
            self._heed(event)

    def _heed(self, event: e.Event) -> None:
        self._evidence.note(event)
        self._ages.note(event)
        self._pictures.note(event)

    def _round(self) -> None:
        self._spend_reserve(free_bytes(self._directory))  # here as well: the loop may be waiting for a commit
        with self._lock:
            noted, self._noted = self._noted, []
        for event in noted:
            self._heed(event)
        policy, now = self._policy, self._now
        self._written, self._last_round = 0, now
        self._evidence.forget_before(now - policy.events_expire_ns)
        ledger, stretches = read_ledger(self._directory), self._evidence.stretches()
        stored = list(stored_segments(self._directory, ledger, stretches, self._ages.counted_from))
        used = used_bytes(self._directory)
        spare = free_bytes(self._directory) - self._margins.scarce
        choices = choose(stored, policy, now, max(0, used - policy.filled_at), max(0, -spare), max(0, used + spare))
        if choices:
            prune(self._directory, choices)
            used -= sum(choice.bytes for choice in choices)
            self._tell_pruned(choices)
        limit = policy.filled_at if self._over_quota else policy.quota_bytes
        used -= self._prune_pictures(policy, now, used - limit)
        self._over_quota = used > limit
        ledger = read_ledger(self._directory)
        self._backlog.note(waiting_bytes(self._directory, ledger), policy.headroom, len(ledger.sealed))
        room = min(policy.quota_bytes - used, free_bytes(self._directory) - self._margins.resume)
        self._days.step(ledger, now, room)
        close_days(self._directory)
        self._faults.clear()

    def _prune_pictures(self, policy: Policy, now: int, over_quota: int) -> int:
        """Remove the kept pictures whose time is over, and more where removing frames was not enough; the bytes."""
        files, freed = self._pictures.remove_expired(now, policy.evidence_expire_ns, self._ages.counted_from)
        if files:
            self._tell(e.PicturesPruned(files, freed, "expired"))
        over_quota -= freed
        wanted = max(over_quota, self._margins.scarce - free_bytes(self._directory))
        if not policy.overwrite or wanted <= 0:
            return freed
        files, more = self._pictures.remove_bytes(wanted)
        if files:
            self._tell(e.PicturesPruned(files, more, "quota" if over_quota > 0 else "disk"))
        return freed + more

    def _tell_pruned(self, choices: list[Choice]) -> None:
        groups: dict[tuple[str, str], list[Choice]] = {}
        for choice in choices:
            groups.setdefault((choice.part, choice.why), []).append(choice)
        for some in groups.values():
            segments = tuple(f"{choice.segment.first_seq:012d}" for choice in some)
            freed = sum(choice.bytes for choice in some)
            self._tell(e.SegmentsPruned(some[0].part, segments, freed, some[0].why))

    def _try(self, work: Callable[[], object]) -> None:
        """A disk that does not do what it should is told once, until it does again."""
        try:
            work()
        except (OSError, LogError) as error:
            fault = str(error)
            if fault not in self._faults:
                self._faults.add(fault)
                self._tell(e.StorageFault(fault))
