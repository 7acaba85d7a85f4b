"""The first replay appends the outcome; interrupted, it goes on where it stopped."""

import pytest

from detectors.detector import ChannelDetector
from kernel.engine import Engine
from kernel.log.memory import MemoryLog
from kernel.outcome import outcome_of
from replay.importer import ImportPlan, import_recordings
from replay.outcome_writer import OutcomeConflict, append_outcome, has_outcome
from replay.sessions import sessions_of
from replay.verification import compare, differences
from support.recordings import Walk
from support.sites import whole_frame


def imported() -> MemoryLog:
    log = MemoryLog()
    import_recordings(log, ImportPlan({"thermal": Walk()}, whole_frame(), {}))
    return log


def engine() -> Engine:
    return Engine(ChannelDetector)


def copy_of(log: MemoryLog, upto: int) -> MemoryLog:
    """The log as it was after event `upto`."""
    copy = MemoryLog()
    for event in log.read():
        if event.seq <= upto:
            copy.append([event], log.payload(event.seq) if event.kind == "FrameCaptured" else None)
    return copy


def test_the_outcome_is_appended_after_the_facts_and_verifies() -> None:
    log = imported()
    (session,) = sessions_of(log)
    assert not has_outcome(log, session)
    outcome = append_outcome(log, session, engine())
    assert has_outcome(log, session)
    result = compare(log, session, engine())
    assert result.identical
    assert result.outcome == outcome.hexdigest() == outcome_of(log.read(session.all()), session.origin).hexdigest()
    assert [e.kind for e in log.read()].count("AlarmRaised") == 1


@pytest.mark.parametrize("missing", [1, 3, 10, 30])
def test_an_interrupted_replay_goes_on_where_it_stopped(missing: int) -> None:
    log = imported()
    (session,) = sessions_of(log)
    append_outcome(log, session, engine())
    cut = copy_of(log, log.head.seq - missing)
    assert not has_outcome(cut, session)
    append_outcome(cut, session, engine())
    assert list(cut.read()) == list(log.read())


def changed(log: MemoryLog, kind: str, **fields: object) -> tuple[MemoryLog, int]:
    """The log with the body of the first event of this kind changed."""
    import msgspec

    copy, seq = MemoryLog(), 0
    for event in log.read():
        if event.kind == kind and not seq:
            seq = event.seq
            event = msgspec.structs.replace(event, body=msgspec.structs.replace(event.body, **fields))
        copy.append([event], log.payload(event.seq) if event.kind == "FrameCaptured" else None)
    return copy, seq


def test_a_changed_conclusion_is_found_with_its_seq_and_field() -> None:
    log = imported()
    (session,) = sessions_of(log)
    append_outcome(log, session, engine())
    forged, seq = changed(log, "AlarmRaised", target="vehicle")
    result = compare(forged, session, engine())
    assert not result.identical
    assert result.first_difference is not None and result.first_difference[0] == seq
    assert "1 × AlarmRaised.body" in list(differences(result))


def test_an_outcome_that_does_not_fit_is_not_continued() -> None:
    log = imported()
    (session,) = sessions_of(log)
    append_outcome(log, session, engine())
    forged, _ = changed(copy_of(log, log.head.seq - 1), "AlarmRaised", target="vehicle")
    with pytest.raises(OutcomeConflict):
        append_outcome(forged, session, engine())


def test_a_second_import_begins_where_the_log_ends() -> None:
    log = imported()
    import_recordings(log, ImportPlan({"thermal": Walk()}, whole_frame(), {}))
    first, second = sessions_of(log)
    assert second.origin >= max(e.time for e in log.read() if e.fact_no <= first.last_fact)
    outcomes = [append_outcome(log, s, engine()).hexdigest() for s in (first, second)]
    assert outcomes[0] == outcomes[1], "the same recording has the same outcome whenever it is imported"
