"""The machine's clock is set while the daemon runs: order stays, schedules follow."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.host import DriverHost
from emberline.control import ControlSocket
from emberline.daemon import Daemon
from emberline.delivery.courier import Courier
from emberline.drivers import specs_of
from emberline.onlooking import RunSummary
from emberline.operation.clock_watch import ClockWatch
from emberline.operation.operation import Operation
from emberline.recognising import Recognising
from emberline.storekeeper import Storekeeper
from kernel.arming import CivilClock
from kernel.engine import Engine, recorded_site
from kernel.events import ClockSet, Event
from kernel.log.memory import MemoryLog
from kernel.schedule import next_edge
from support.recordings import cptv, walk
from support.scripted import ScriptedDetector
from support.sites import whole_frame

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
NOON = 1_767_268_800 * SECOND  # 2026-01-01T12:00:00Z
AFTERNOON = '\n[schedules.now]\nall = ["11:55-12:05"]\n'


class Stepping:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.ahead_ns = NOON - time.monotonic_ns()

    def __call__(self) -> int:
        return time.monotonic_ns() + self.ahead_ns


class Watcher:
    """An onlooker that sets the clock at given moments of the run and then has it end."""

    def __init__(self, wall: Stepping, steps: list[int], engine: Engine) -> None:
        self._wall, self._steps, self._engine = wall, steps, engine
        self.edges: list[tuple[int, int]] = []
        """Civil time, and how long from then the engine expects the next edge of a schedule."""
        self._next_s = time.monotonic() + 0.5
        self.leave: Callable[[str], None] = lambda _: None

    def tell(self, event: Event) -> None: ...

    def progress(self, summary: RunSummary, time_ns: int) -> None:
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + 0.5
        due = self._engine.next_due()
        assert due is not None
        self.edges.append((self._wall(), due - time_ns))
        if not self._steps:
            self.leave("done")
            return
        self._wall.ahead_ns += self._steps.pop(0)


@pytest.mark.parametrize("step", [HOUR, -HOUR, 24 * HOUR, -24 * HOUR], ids=["+1 h", "-1 h", "+1 day", "-1 day"])
def test_a_step_of_the_clock_moves_schedules_within_a_second_and_logical_time_never(step: int, tmp_path: Path) -> None:
    document = whole_frame(f"file:{cptv(tmp_path / 'a.cptv', walk(60))}", schedule='"now"') + AFTERNOON
    site, log, wall = recorded_site(document), MemoryLog(), Stepping()
    engine = Engine(ScriptedDetector({}, {}))
    watcher = Watcher(wall, [step, -step], engine)
    drivers = DriverHost(specs_of(site, tmp_path))
    with (
        Operation(wall_ns=wall) as operation,
        ControlSocket(tmp_path) as control,
        drivers as host,
        Courier(log, tmp_path, tmp_path, {}) as courier,
        Storekeeper(tmp_path, log) as storekeeper,
        Recognising(tmp_path, "realtime") as recognising,
    ):
        watching = (watcher, operation, courier, storekeeper, recognising)
        daemon = Daemon(site, log, engine, host, control, "realtime", *watching)
        watcher.leave = daemon.leave
        daemon.run(document, "test", NOON, until_end=False)
    events = list(log.read())
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    facts = [e.time for e in events if e.cause is None]
    assert facts == sorted(facts)
    assert facts[-1] - facts[0] < 30 * SECOND
    first, there, back = (e for e in events if isinstance(e.body, ClockSet))
    offsets = [e.body.offset_ns for e in (first, there, back) if isinstance(e.body, ClockSet)]
    assert abs(offsets[1] - offsets[0] - step) < SECOND // 5
    assert abs(offsets[2] - offsets[0]) < SECOND // 5
    assert len(watcher.edges) == 3
    for civil_ns, in_ns in watcher.edges:
        expected_ns = next_edge(site.schedules["now"], "UTC", civil_ns)
        assert expected_ns is not None and abs(expected_ns - civil_ns - in_ns) < SECOND


def test_a_clock_that_runs_on_is_left_alone_and_a_step_is_told_once() -> None:
    now = [1000 * SECOND]
    watch = ClockWatch(lambda: now[0], 1000 * SECOND)
    assert watch.stepped(0) is None
    now[0] += 5 * SECOND
    assert watch.stepped(5 * SECOND) is None
    now[0] += HOUR
    assert watch.stepped(5 * SECOND) == HOUR
    assert watch.stepped(5 * SECOND) is None
    assert CivilClock(watch.offset_ns).civil(5 * SECOND) == now[0]
