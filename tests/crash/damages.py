"""Damage a log in every way that comes to mind, and see that it is mended or named, and never misread.

    python -m tests.crash.damages --each 200

Each trial damages a copy of a log that a killed writer left (sealed segments and one being written), reads it,
verifies it, opens it for writing, goes on writing, and holds everything against what the log was.
"""

import argparse
import collections
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

from kernel.events import Event
from kernel.log.contract import LogUnreadable, Recovery
from kernel.log.duckdb_log import DuckDBLog, open_log
from kernel.log.verify import verify_log
from tests.crash.load import next_unit
from tests.crash.victim import make_victim

INTERRUPTED_EVERY = 4
"""Of so many trials one is also mended by a process that is killed at it."""
LONGEST_OPENING_S = 0.25


class Truth(msgspec.Struct):
    """What the log was before it was damaged."""

    events: dict[int, Event]
    payloads: dict[int, str]


class Verdict(msgspec.Struct):
    """How a trial went: `outcome` in a word, `fault` if a promise was broken."""

    damage: str
    outcome: str
    place: str
    fault: str = ""
    start_ms: int = 0


def truncate(log: Path, rng: random.Random) -> str:
    """A file is cut short: a write-ahead file of what was being written, or any file of a segment."""
    path = _some_file(log, rng)
    data = path.read_bytes()
    at = rng.randrange(len(data))
    path.write_bytes(data[:at])
    return f"{path.name} cut at {at} of {len(data)}"


def zero_tail(log: Path, rng: random.Random) -> str:
    """The end of a file is zeros, as after a loss of power on a file system that had only made the file longer."""
    path = _some_file(log, rng)
    data = path.read_bytes()
    at = rng.randrange(len(data))
    longer = rng.choice((0, 0, 4096))
    path.write_bytes(data[:at] + bytes(len(data) - at + longer))
    return f"{path.name} zeros from {at} of {len(data)}, {longer} longer"


def flip_bit(log: Path, rng: random.Random) -> str:
    """One bit of a file is another one; once in a while a file that is no segment."""
    path = _some_file(log, rng) if rng.random() < 0.9 else log / rng.choice(("ledger.jsonl", "committed"))
    data = bytearray(path.read_bytes())
    at, bit = rng.randrange(len(data)), rng.randrange(8)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.name} bit {bit} of byte {at} of {len(data)}"


def remove_file(log: Path, rng: random.Random) -> str:
    """A file is missing."""
    path = rng.choice([path for path in sorted(log.iterdir()) if path.is_file()])
    path.unlink()
    return f"{path.name} missing"


def swap_files(log: Path, rng: random.Random) -> str:
    """Two files of the same sort stand in each other's place."""
    kind = rng.choice(("events", "frames"))
    one, two = rng.sample(sorted(log.glob(f"*.{kind}.duckdb")), 2)
    one.rename(log / "aside")
    two.rename(one)
    (log / "aside").rename(two)
    return f"{one.name} and {two.name} swapped"


DAMAGES: dict[str, Callable[[Path, random.Random], str]] = {
    "truncation": truncate,
    "zero tail": zero_tail,
    "bit flip": flip_bit,
    "missing file": remove_file,
    "swapped files": swap_files,
}


def _some_file(log: Path, rng: random.Random) -> Path:
    """Write-ahead files as often as databases: they are few, and what a crash hits."""
    wals = sorted(log.glob("*.wal"))
    return rng.choice(wals if rng.random() < 0.5 else sorted(log.glob("*.duckdb")))


def trial(job: tuple[Path, str, int]) -> Verdict:
    """Damage a copy of the log and judge what becomes of it."""
    victim, damage, seed = job
    rng = random.Random(f"{damage} {seed}")
    copy = Path(tempfile.mkdtemp(prefix="trial-", dir=victim.parent)) / "log"
    shutil.copytree(victim, copy)
    for path in copy.iterdir():
        path.chmod(0o600)
    intact = open_log(victim)
    truth = take(intact)
    intact.close()
    verdict = Verdict(damage, "", DAMAGES[damage](copy, rng))
    try:
        if seed % INTERRUPTED_EVERY == 0:
            _judge_interrupted(copy, rng)
        _judge(copy, truth, rng, verdict)
    except Exception as error:
        verdict.fault = f"{type(error).__name__}: {error}"
    if verdict.fault:
        verdict.place += f" (seed {seed})"
    shutil.rmtree(copy.parent)
    return verdict


def take(log: DuckDBLog) -> Truth:
    """All that can be read from a log."""
    events = {event.seq: event for event in log.read()}
    payloads = {seq: hashlib.sha256(payload).hexdigest() for seq, payload in log.payloads(1, log.head.seq)}
    return Truth(events, payloads)


def _judge(copy: Path, truth: Truth, rng: random.Random, verdict: Verdict) -> None:
    _judge_reading(copy, truth)
    _judge_verification(copy, truth)
    began = time.perf_counter()
    log = open_log(copy, "write")
    verdict.start_ms = round((time.perf_counter() - began) * 1000)
    kept, findings = take(log), log.recovered
    for _ in range(5):
        events, payload = next_unit(log.head, rng, 4000)
        log.append(events, payload)
    last = log.head.seq
    log.close()
    missing = [seq for seq, event in truth.events.items() if kept.events.get(seq) != event]
    bare = [seq for seq in truth.payloads if seq not in missing and kept.payloads.get(seq) != truth.payloads[seq]]
    verdict.outcome = "events lost" if missing else "payloads lost" if bare else "mended" if findings else "unharmed"
    verdict.fault = _unreported(findings, len(missing), len(bare)) or _unsound_afterwards(copy, kept, last)


def _judge_interrupted(copy: Path, rng: random.Random) -> None:
    """Killed again and again while it mends, a log is not left with less than one mended in peace."""
    kept: list[Truth] = []
    for name, kills in (("in-peace", 0), ("interrupted", 3)):
        twin = copy.with_name(name)
        shutil.copytree(copy, twin)
        for _ in range(kills):
            _kill_while_opening(twin, rng.random() * LONGEST_OPENING_S)
        log = open_log(twin, "write")
        kept.append(take(log))
        log.close()
        shutil.rmtree(twin)
    if kept[0] != kept[1]:
        raise AssertionError("killed while mending, the log came out otherwise")


def _kill_while_opening(path: Path, after_s: float) -> None:
    child = os.fork()
    if child == 0:
        try:
            open_log(path, "write")
        finally:
            os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _unreported(findings: tuple[Recovery, ...], missing: int, bare: int) -> str:
    for what, count in (("events_lost", missing), ("payloads_lost", bare)):
        reported = sum(finding.lost for finding in findings if finding.what == what)
        if reported != count:
            return f"{what}: {count} are, {reported} were reported: {findings}"
    return ""


def _unsound_afterwards(copy: Path, kept: Truth, last: int) -> str:
    """What was kept is still there, what was appended too, every gap is in the ledger, and the rest verifies."""
    sound = verify_log(copy)
    if not sound.sound and not sound.quarantined and "was changed after it was sealed" not in sound.reason:
        return f"unsound afterwards: {sound.first_bad_seq} {sound.reason}"
    log = open_log(copy)
    left, lost = take(log), [line for line in log.lost if line.what == "events"]
    log.close()
    gaps = {seq for line in lost for seq in range(line.first_seq, line.last_seq + 1)}
    if set(left.events) | gaps != set(range(1, last + 1)) or set(left.events) & gaps:
        return "the seqs that are there and those that the ledger names as gone do not make a whole"
    if any(left.events.get(seq) != event for seq, event in kept.events.items()):
        return "an event that was there after opening is not there after closing"
    return ""


def _judge_reading(copy: Path, truth: Truth) -> None:
    """A reader refuses, or gives what was written; what it does not give it names."""
    try:
        log = open_log(copy)
    except LogUnreadable:
        return
    try:
        seen = take(log)
    except LogUnreadable:
        return
    finally:
        log.close()
    if any(truth.events.get(seq) != event for seq, event in seen.events.items()):
        raise AssertionError("a reader got an event that was never written")
    if any(truth.payloads.get(seq) != payload for seq, payload in seen.payloads.items()):
        raise AssertionError("a reader got a payload that was never written")
    if seen != truth and not log.recovered and not log.lost:
        raise AssertionError("a reader missed something and did not say so")


def _judge_verification(copy: Path, truth: Truth) -> None:
    """Called sound is only what holds everything."""
    try:
        sound = verify_log(copy)
    except LogUnreadable:
        return
    if sound.sound and (sound.events, sound.frames) != (len(truth.events), len(truth.payloads)):
        raise AssertionError(f"called sound: {sound}")


def run(each: int, others: int, directory: Path, workers: int = 2) -> list[Verdict]:
    """`each` truncations, zero tails and bit flips, `others` missing and swapped files."""
    victims = [make_victim(directory / f"victim{number}", number) for number in range(min(4, each))]
    counts = {name: each if name in ("truncation", "zero tail", "bit flip") else others for name in DAMAGES}
    jobs = [(victims[number % len(victims)], name, number) for name, count in counts.items() for number in range(count)]
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        return list(pool.map(trial, jobs, chunksize=4))


def main() -> int:
    options = argparse.ArgumentParser(description="damage event logs and see what becomes of them")
    options.add_argument("--each", type=int, default=200)
    options.add_argument("--others", type=int, default=50)
    asked = options.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="emberline-damages-") as directory:
        verdicts = run(asked.each, asked.others, Path(directory))
    for damage in DAMAGES:
        of_it = [verdict for verdict in verdicts if verdict.damage == damage]
        outcomes = collections.Counter(verdict.outcome for verdict in of_it)
        shares = ", ".join(f"{count} {name or 'fault'}" for name, count in sorted(outcomes.items()))
        print(f"{damage}: {len(of_it)}: {shares}")
    faults = [verdict for verdict in verdicts if verdict.fault]
    slowest = max(verdict.start_ms for verdict in verdicts)
    print(f"{len(verdicts)} trials, {len(faults)} faults; slowest start {slowest} ms; {time.monotonic() - began:.0f} s")
    for verdict in faults:
        print(f"{verdict.damage}: {verdict.place}: {verdict.fault[:600]}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
