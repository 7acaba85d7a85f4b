"""For tests of drivers: contract suites that every driver has to pass, and how to wait for reports.

Derive a test class from `SourceContract` or `OutputContract`, say which driver in `spec`, and let pytest collect it.
"""

import time
from collections.abc import Callable

from devices.host import DriverHost, DriverSpec
from devices.reports import ActionAnswered, Ended, FrameArrived, Lost, Report, WentOnline
from kernel.events import ActionRequested


def gather(host: DriverHost, enough: Callable[[list[Report]], bool], timeout_s: float = 60.0) -> list[Report]:
    """The reports up to the first moment when they are `enough`. Raises `AssertionError` if that takes too long."""
    reports: list[Report] = []
    until_s = time.monotonic() + timeout_s
    while not enough(reports):
        if time.monotonic() > until_s:
            others = [report for report in reports if not isinstance(report, FrameArrived)]
            raise AssertionError(f"not enough after {timeout_s:g} s: {len(reports)} reports, among them {others}")
        reports.extend(host.poll(0.1))
    return reports


def seen(kind: type[Report], count: int = 1) -> Callable[[list[Report]], bool]:
    """For `gather`: `count` reports of this kind."""
    return lambda reports: sum(isinstance(report, kind) for report in reports) >= count


def play(host: DriverHost, driver: str, credit: int = 4, timeout_s: float = 120.0) -> list[FrameArrived]:
    """Every frame of a driver that is online, at pace max; each frame that arrives is granted another.

    Raises `AssertionError` where one is lost, or the source ends with an error or not at all.
    """
    host.begin(driver, "max")
    host.grant(driver, credit)
    frames: list[FrameArrived] = []
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        for report in host.poll(0.1):
            if isinstance(report, FrameArrived):
                frames.append(report)
                host.grant(driver, 1)
            elif isinstance(report, Ended):
                assert not report.error, report.reason
                return frames
            else:
                assert not isinstance(report, Lost), report
    raise AssertionError(f"no end after {timeout_s:g} s and {len(frames)} frames")


class SourceContract:
    """What every driver of a finite source of frames promises. Its source has at least 3 frames."""

    def spec(self) -> DriverSpec:
        """The driver under test."""
        raise NotImplementedError

    def test_it_says_hello_and_sends_nothing_before_start(self) -> None:
        with DriverHost([self.spec()]) as host:
            gather(host, seen(WentOnline))
            assert host.poll(0.5) == []

    def test_it_sends_no_more_frames_than_it_has_credit_for(self) -> None:
        with DriverHost([self.spec()]) as host:
            driver = self.spec().id
            gather(host, seen(WentOnline))
            host.begin(driver, "max")
            assert host.poll(0.3) == []
            host.grant(driver, 2)
            gather(host, seen(FrameArrived, 2))
            assert host.poll(0.3) == []
            assert not host.malformed

    def test_it_numbers_its_frames_without_gaps_and_says_when_they_end(self) -> None:
        with DriverHost([self.spec()]) as host:
            gather(host, seen(WentOnline))
            frames = play(host, self.spec().id)
            assert [frame.number for frame in frames] == list(range(len(frames)))
            assert len(frames) >= 3

    def test_it_ends_when_it_is_told_to(self) -> None:
        with DriverHost([self.spec()]) as host:
            gather(host, seen(WentOnline))
            began_s = time.monotonic()
            host.stop()
            assert time.monotonic() - began_s < 2.0


class OutputContract:
    """What every driver of outputs promises."""

    def spec(self) -> DriverSpec:
        """The driver under test."""
        raise NotImplementedError

    def action(self) -> ActionRequested:
        """Something it can carry out."""
        raise NotImplementedError

    def test_it_acknowledges_an_action_and_a_repeated_key_again(self) -> None:
        with DriverHost([self.spec()]) as host:
            action = self.action()
            done = ActionAnswered(action.output, action.ordinal, True, "")
            for _ in range(2):
                host.act(self.spec().id, action)
                assert gather(host, seen(ActionAnswered))[-1] == done

    def test_it_refuses_a_command_that_it_does_not_know(self) -> None:
        with DriverHost([self.spec()]) as host:
            host.act(self.spec().id, ActionRequested("x", 1, self.action().kind, "no such command", {}))
            answer = gather(host, seen(ActionAnswered))[-1]
            assert isinstance(answer, ActionAnswered)
            assert not answer.ok and answer.reason
