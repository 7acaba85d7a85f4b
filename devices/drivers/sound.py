"""The driver of `audible`: plays the built-in warning or a custom file, so many times.

Where the machine has no sound device, as on a server, the sound is played to nobody and each start says so.
"""

import argparse
import array
import math
import threading
from collections.abc import Generator, Sequence
from pathlib import Path

import miniaudio

from devices.driver import ActionError, run_output
from devices.wire import Act

RATE = 44_100
MAX_FILE_BYTES = 512 * 1024
MAX_TIMES = 50
LOUDEST = 32_000
WARNING_HZ = (880, 660)
"""The built-in warning: two tones of half a second, and a pause."""
TONE_S, PAUSE_S = 0.5, 0.4


def warning() -> "array.array[int]":
    """The built-in sound: mono samples of 16 bits."""
    samples = array.array("h")
    for pitch in WARNING_HZ:
        count = int(RATE * TONE_S)
        ramp = RATE // 100
        for n in range(count):
            edge = min(1.0, n / ramp, (count - n) / ramp)
            samples.append(int(LOUDEST * edge * math.sin(2 * math.pi * pitch * n / RATE)))
    samples.extend([0] * int(RATE * PAUSE_S))
    return samples


def load(path: Path) -> "array.array[int]":
    """A custom sound: WAV, MP3, FLAC or Ogg Vorbis of at most 512 kB. Raises `ActionError`."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ActionError(f"{path}: {size} bytes, a sound may have {MAX_FILE_BYTES}")
        return miniaudio.decode_file(str(path), nchannels=1, sample_rate=RATE).samples
    except OSError as error:
        raise ActionError(f"{path}: {error.strerror}") from None
    except miniaudio.MiniaudioError as error:
        raise ActionError(f"{path}: not a sound that can be played: {error}") from None


class Player:
    """The sound device; what is played ends before the next begins. Each play becomes a line of `journal`."""

    def __init__(self, base: Path, headless: bool, journal: Path | None) -> None:
        self._base = base
        self._journal = journal
        self._silent = headless
        self._device: miniaudio.PlaybackDevice | None = None
        self._played = threading.Event()
        self._played.set()

    def carry_out(self, act: Act) -> None:
        """Begin to play. Raises `ActionError` where the action is none for a sound, or it cannot be played."""
        if act.kind != "audible" or act.command != "play":
            raise ActionError(f"this driver carries out play of audible, not {act.command!r} of {act.kind}")
        times, volume = _number(act, "times", 1, MAX_TIMES), _number(act, "volume", 0, 100)
        file = act.parameters.get("file", "")
        samples = load(self._base / file) if file else warning()
        loud = array.array("h", (sample * volume // 100 for sample in samples))
        self._begin(loud, times)
        if self._journal is not None:
            with self._journal.open("a", encoding="utf-8") as out:
                out.write(f"{file or 'warning'} {times} {volume} {'nobody' if self._silent else 'device'}\n")

    def _begin(self, samples: "array.array[int]", times: int) -> None:
        device = self._open()
        device.stop()
        self._played.clear()
        stream = _frames(samples, times, self._played)
        next(stream)
        device.start(stream)

    def _open(self) -> miniaudio.PlaybackDevice:
        if self._device is None and not self._silent:
            try:
                self._device = _device(None)
            except miniaudio.MiniaudioError:
                self._silent = True
        if self._device is None:
            try:
                self._device = _device([miniaudio.Backend.NULL])
            except miniaudio.MiniaudioError as error:
                raise ActionError(f"no sound can be played: {error}") from None
        return self._device


def _device(backends: list[miniaudio.Backend] | None) -> miniaudio.PlaybackDevice:
    return miniaudio.PlaybackDevice(nchannels=1, sample_rate=RATE, backends=backends, app_name="Emberline")


def _frames(
    samples: "array.array[int]", times: int, played: threading.Event
) -> Generator["array.array[int]", int, None]:
    """The samples so many times over, as the device asks for them; then silence."""
    wanted, at, left = (yield array.array("h")), 0, times
    while left:
        piece = samples[at : at + wanted]
        at += len(piece)
        if at >= len(samples):
            at, left = 0, left - 1
        wanted = yield piece
    played.set()
    while True:
        wanted = yield array.array("h", bytes(2 * wanted))


def _number(act: Act, name: str, low: int, high: int) -> int:
    text = act.parameters.get(name, "")
    if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high):
        raise ActionError(f"{name} {text!r}, a whole number from {low} to {high} is needed")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the player. Returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="devices.drivers.sound", description=__doc__)
    parser.add_argument("--base", type=Path, default=Path(), help="where relative names of files begin")
    parser.add_argument("--headless", action="store_true", help="play to nobody")
    parser.add_argument("--journal", type=Path, help="a file that gets a line for each play")
    chosen = parser.parse_args(arguments)
    player = Player(chosen.base, chosen.headless, chosen.journal)
    return run_output(player.carry_out, {"driver": "audible", "actions": "audible"})


if __name__ == "__main__":
    raise SystemExit(main())
