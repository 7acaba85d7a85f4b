"""Kill a writer at random moments, again and again, and see that nothing acknowledged is ever missing.

    python -m tests.crash.kills --kills 1000

Each log is killed `KILLS_A_LOG` times and verified; two logs are worked on side by side.
"""

import argparse
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import msgspec

from kernel.log.contract import LogUnreadable
from kernel.log.duckdb_log import open_log
from kernel.log.ledger_file import read_ledger
from kernel.log.segments import segments_in
from kernel.log.verify import verify_log
from tests.crash.load import line_writer, write_until_killed

KILLS_A_LOG = 25
SLOWEST_START_MS = 3000
LONGEST_LIFE_S = 0.5
LONG_LIVES = 0.3
"""So many lives are five times as long: the sealer takes half a second to come up."""


class Figures(msgspec.Struct):
    """What a run came to. `faults` is empty if every promise was kept."""

    kills: int = 0
    while_opening: int = 0
    while_sealing: int = 0
    sealers: int = 0
    acknowledged: int = 0
    events: int = 0
    segments: int = 0
    starts_ms: list[int] = msgspec.field(default_factory=list[int])
    faults: list[str] = msgspec.field(default_factory=list[str])

    def add(self, other: "Figures") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        starts = sorted(self.starts_ms) or [0]
        return (
            f"{self.kills} kills ({self.while_opening} of them while the log was being opened, {self.while_sealing} "
            f"with segments at the sealer), {self.sealers} of the sealer alone, {self.events} events "
            f"in {self.segments} segments, {self.acknowledged} acknowledgements, {len(self.faults)} faults; "
            f"start: median {starts[len(starts) // 2]} ms, worst {starts[-1]} ms"
        )


def run(kills: int, seed: int, directory: Path, workers: int = 2) -> Figures:
    """Spread `kills` over as many logs as needed."""
    jobs = [
        (directory / f"log{first}", min(KILLS_A_LOG, kills - first), seed + first)
        for first in range(0, kills, KILLS_A_LOG)
    ]
    total = Figures()
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        for figures in pool.map(torment, *zip(*jobs, strict=True)):
            total.add(figures)
    return total


def torment(path: Path, kills: int, seed: int) -> Figures:
    """Kill the writer of one log `kills` times, then hold the log against what was acknowledged."""
    rng = random.Random(seed)
    figures = Figures()
    acknowledged: dict[int, str] = {}
    for _ in range(kills):
        life_s = rng.random() * LONGEST_LIFE_S * (5 if rng.random() < LONG_LIVES else 1)
        lines = _one_life(path, rng.randrange(1 << 30), life_s, from_start=rng.random() < 0.3)
        figures.kills += 1
        figures.while_sealing += _unsealed(path) > 1
        figures.sealers += sum(line.startswith("sealer") for line in lines)
        _judge_start(lines, figures, max(acknowledged, default=0), path)
        acknowledged |= {int(words[1]): words[2] for words in map(str.split, lines) if words[0] == "ack"}
    _judge_log(path, acknowledged, figures)
    if not figures.faults:
        shutil.rmtree(path)
    return figures


def _unsealed(path: Path) -> int:
    """How many segments are there that the ledger does not know."""
    try:
        return len(segments_in(path)) - len(read_ledger(path).sealed)
    except (OSError, LogUnreadable):
        return 0


def _one_life(path: Path, seed: int, life_s: float, from_start: bool) -> list[str]:
    """Start a writer, kill it `life_s` after its start or after it opened the log; what it said, in whole lines."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _live(path, seed, theirs)
    os.close(theirs)
    said = b"" if from_start else _first_words(ours)
    time.sleep(life_s / 2 if from_start else life_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(ours, 1 << 16):
        said += more
    os.close(ours)
    return said[: said.rfind(b"\n") + 1].decode().splitlines()


def _live(path: Path, seed: int, pipe: int) -> None:
    """The child: it never returns."""
    try:
        write_until_killed(path, seed, line_writer(pipe))
    except BaseException as error:
        line_writer(pipe)(f"died {type(error).__name__}: {error}".replace("\n", " "))
    os._exit(1)


def _first_words(pipe: int) -> bytes:
    select.select([pipe], [], [], 30)
    return os.read(pipe, 1 << 16)


def _judge_start(lines: list[str], figures: Figures, last_acknowledged: int, path: Path) -> None:
    figures.faults += [f"{path}: {line}" for line in lines if line.startswith("died")]
    if not lines or not lines[0].startswith("open"):
        figures.while_opening += 1
        return
    _, seq, took_ms, findings = lines[0].split(" ", 3)
    figures.starts_ms.append(int(took_ms))
    if int(seq) < last_acknowledged:
        figures.faults.append(f"{path}: event {last_acknowledged} was acknowledged, the log ends at {seq}")
    if findings != "[]":
        figures.faults.append(f"{path}: a plain kill was taken for damage: {findings}")
    if int(took_ms) > SLOWEST_START_MS:
        figures.faults.append(f"{path}: it took {took_ms} ms to open")


def _judge_log(path: Path, acknowledged: dict[int, str], figures: Figures) -> None:
    figures.acknowledged = len(acknowledged)
    open_log(path, "write").close()
    verdict = verify_log(path)
    if not verdict.sound:
        figures.faults.append(f"{path}: seq {verdict.first_bad_seq}: {verdict.reason}")
    log = open_log(path)
    digests = {event.seq: event.digest.hex() for event in log.read()}
    log.close()
    figures.events = len(digests)
    figures.segments = len(list(path.glob("*.events.duckdb")))
    if list(digests) != list(range(1, len(digests) + 1)):
        figures.faults.append(f"{path}: the seqs are not dense")
    wrong = [seq for seq, digest in acknowledged.items() if digests.get(seq) != digest]
    if wrong:
        figures.faults.append(f"{path}: acknowledged events are missing or others: {wrong[:10]}")


def main() -> int:
    options = argparse.ArgumentParser(description="kill a writer of the event log at random moments")
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="emberline-kills-"))
    began = time.monotonic()
    figures = run(asked.kills, asked.seed, directory)
    print(f"{figures}; {time.monotonic() - began:.0f} s")
    for fault in figures.faults:
        print(fault)
    if not figures.faults:
        shutil.rmtree(directory)
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
