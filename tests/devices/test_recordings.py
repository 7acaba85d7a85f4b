"""What the readers of recordings promise: every frame once, in time, or an error that says what and where."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cptv import CPTVWriter, Frame
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from devices.recordings import open_source
from devices.recordings.address import parse_address
from kernel.media import MediaError, Packet, Recording, Shot
from support.recordings import video

MS = 1_000_000


def shots(recording: Recording) -> list[Shot]:
    found = list(recording.read())
    assert all(isinstance(shot, Shot) for shot in found)
    return [shot for shot in found if isinstance(shot, Shot)]


def packets(recording: Recording) -> list[Packet]:
    return [packet for packet in recording.read() if isinstance(packet, Packet)]


def numbered(folder: Path, names: list[str]) -> Path:
    """A folder of 32×24 images; the n-th name is filled with 10 n."""
    folder.mkdir()
    for n, name in enumerate(names):
        Image.fromarray(np.full((24, 32), 10 * n, np.uint8)).save(folder / name)
    return folder


def thermal_file(path: Path, ffc_at: int = 4, frames: int = 8, background: bool = True) -> Path:
    """A `.cptv` of 114 ms a frame: frame n holds 3000 + n; the shutter corrects before frame `ffc_at`."""

    def frame(n: int, is_background: bool = False) -> Frame:
        time_on = timedelta(milliseconds=0 if is_background else 60_000 + 114 * n)
        ffc = timedelta(milliseconds=1000) if n < ffc_at else timedelta(milliseconds=60_300)
        return Frame(np.full((120, 160), 3000 + n, np.uint16), time_on, ffc, 20.0, 20.0, is_background)

    writer = CPTVWriter(path.open("wb"))
    writer.timestamp = datetime(2026, 1, 1, 12, tzinfo=UTC)
    if background:
        writer.background_frame = frame(0, True)
    for n in range(frames):
        writer.write_frame(frame(n))
    writer.close()
    return path


# --- Addresses ---------------------------------------------------------------------------------------------------


def test_an_offset_in_the_start_time_keeps_its_plus_sign() -> None:
    address = parse_address("file:a.cptv?start=2026-03-01T20:00:00+01:00&fps=7")
    assert address.target == "a.cptv"
    assert address.options == {"start": "2026-03-01T20:00:00+01:00", "fps": "7"}


def test_a_path_that_exists_is_that_path_whatever_its_name(tmp_path: Path) -> None:
    folder = numbered(tmp_path / "sim:what?fps=3", ["1.png"])
    assert open_source(str(folder)).frames == 1
    assert open_source(f"file:{folder}").frames == 1


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "empty"),
        ("rtsp://camera/1", "not rtsp:"),
        ("file:", "nothing follows"),
        ("no/such/file.mp4", "no such file"),
        ("file:no/such?start", "not name=value"),
        ("file:x.cptv?speed=3", "allowed are start, fps"),
        ("file:x.cptv?fps=fast", "not a number"),
        ("file:x.cptv?fps=-1", "above 0"),
        ("file:x.cptv?start=tomorrow", "ISO 8601"),
        ("file:x.cptv?start=2026-01-01T00:00:00", "needs an offset"),
    ],
)
def test_a_bad_source_is_an_error_that_says_why(source: str, says: str) -> None:
    with pytest.raises(MediaError, match=says):
        open_source(source)


@pytest.mark.parametrize("frames", [(-1, 3), (3, 3), (5, 2)])
def test_a_selection_of_nothing_is_an_error(tmp_path: Path, frames: tuple[int, int]) -> None:
    with pytest.raises(MediaError, match="selects nothing"):
        open_source(str(numbered(tmp_path / "f", ["1.png"])), frames=frames)


def test_an_empty_file_and_a_forbidden_one_are_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(MediaError, match=r"empty\.mp4: the file is empty"):
        open_source(str(empty))
    if os.geteuid() == 0:
        return  # root may read everything
    empty.write_bytes(b"x")
    empty.chmod(0)
    with pytest.raises(MediaError, match="no permission"):
        open_source(str(empty))


# --- Folders of images -------------------------------------------------------------------------------------------


def test_images_come_in_the_order_of_their_last_number(tmp_path: Path) -> None:
    folder = numbered(tmp_path / "f", ["cam2_10.png", "cam2_9.png", "cam1_100.bmp", "cam3_2.tif"])
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "notes12.txt").write_text("x")
    (folder / "._cam_1.png").write_bytes(b"x")
    recording = open_source(str(folder))
    assert (recording.frames, recording.kind) == (4, "optical")
    assert [int(shot.pixels[0, 0]) for shot in shots(recording)] == [30, 10, 0, 20]


def test_images_have_25_frames_a_second_unless_told_otherwise(tmp_path: Path) -> None:
    folder = str(numbered(tmp_path / "f", ["1.png", "5.png", "6.png"]))
    assert [s.captured_ns for s in shots(open_source(folder))] == [0, 40 * MS, 80 * MS]
    assert [s.captured_ns for s in shots(open_source(folder, fps=10))] == [0, 100 * MS, 200 * MS]
    assert [s.captured_ns for s in shots(open_source(f"file:{folder}?fps=4"))] == [0, 250 * MS, 500 * MS]


def test_16_bit_images_are_thermal_at_9_frames_a_second(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    for n in range(2):
        Image.fromarray(np.full((24, 32), 30_000 + n, np.uint16)).save(folder / f"{n}.png")
    recording = open_source(str(folder))
    first, second = shots(recording)
    assert recording.kind == "thermal"
    assert (first.pixels.dtype, int(second.pixels[0, 0]), second.captured_ns) == (np.uint16, 30_001, 111_111_111)


@given(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)))
@settings(max_examples=25, deadline=None)
def test_colour_becomes_luma_in_integers(tmp_path_factory: pytest.TempPathFactory, rgb: tuple[int, int, int]) -> None:
    folder = tmp_path_factory.mktemp("colour")
    Image.new("RGB", (3, 2), rgb).save(folder / "1.png")
    Image.new("RGB", (3, 2), rgb).quantize(4).save(folder / "2.png")
    red, green, blue = rgb
    luma = (77 * red + 150 * green + 29 * blue + 128) >> 8
    assert all((shot.pixels == luma).all() and shot.pixels.shape == (2, 3) for shot in shots(open_source(str(folder))))


def test_a_selection_keeps_the_times_of_the_whole(tmp_path: Path) -> None:
    folder = str(numbered(tmp_path / "f", [f"{n}.png" for n in range(6)]))
    recording = open_source(folder, frames=(2, 4))
    assert recording.frames == 2
    assert [(s.captured_ns, int(s.pixels[0, 0])) for s in shots(recording)] == [(80 * MS, 20), (120 * MS, 30)]


def test_images_that_differ_in_size_or_depth_are_named(tmp_path: Path) -> None:
    folder = numbered(tmp_path / "f", ["1.png", "2.png"])
    Image.new("L", (31, 24)).save(folder / "2.png")
    with pytest.raises(MediaError, match=r"2\.png: 31×24 pixels of 8 bits, but 1\.png is 32×24"):
        shots(open_source(str(folder)))


def test_two_images_of_the_same_number_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"in01\.png and in1\.bmp have the same number 1"):
        open_source(str(numbered(tmp_path / "f", ["in01.png", "in1.bmp"])))


def test_a_folder_without_images_says_where_some_are(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no numbered images there; looked for"):
        open_source(str(tmp_path))
    numbered(tmp_path / "input", ["1.png"])
    with pytest.raises(MediaError, match=r"no numbered images there; there are some in .*input"):
        open_source(str(tmp_path))


def test_a_file_that_only_looks_like_an_image_is_named(tmp_path: Path) -> None:
    folder = numbered(tmp_path / "f", ["1.png", "2.png"])
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (24, 32), np.uint8)).save(folder / "2.png")
    (folder / "2.png").write_bytes((folder / "2.png").read_bytes()[:300])
    with pytest.raises(MediaError, match=r"2\.png: cannot be read as an image"):
        shots(open_source(str(folder)))


def test_an_image_of_more_than_4096_pixels_a_side_is_refused(tmp_path: Path) -> None:
    Image.new("1", (4097, 2)).save(tmp_path / "1.png")
    with pytest.raises(MediaError, match="at most 4096"):
        open_source(str(tmp_path))


# --- Thermal recordings ------------------------------------------------------------------------------------------


def test_a_thermal_recording_has_its_own_times_and_no_background(tmp_path: Path) -> None:
    recording = open_source(str(thermal_file(tmp_path / "a.cptv")), fps=3)
    found = shots(recording)
    assert (recording.kind, recording.frames, recording.began) == ("thermal", 8, "2026-01-01T12:00:00+00:00")
    assert [s.captured_ns for s in found] == [114 * MS * n for n in range(8)]
    assert [int(s.pixels[5, 5]) for s in found] == list(range(3000, 3008))
    assert [s.shutter for s in found] == [None] * 4 + ["corrected"] + [None] * 3


def test_a_selection_of_a_thermal_recording_begins_where_it_says(tmp_path: Path) -> None:
    recording = open_source(str(thermal_file(tmp_path / "a.cptv")), frames=(3, 5))
    assert recording.frames == 2
    assert [(s.captured_ns, s.shutter) for s in shots(recording)] == [(342 * MS, None), (456 * MS, "corrected")]


def test_a_given_start_wins_over_the_header(tmp_path: Path) -> None:
    path = thermal_file(tmp_path / "a.cptv")
    assert open_source(f"file:{path}?start=2026-05-01T01:00:00%2B02:00").began == "2026-05-01T01:00:00+02:00"


def test_a_truncated_thermal_recording_gives_its_good_frames_then_says_so(tmp_path: Path) -> None:
    path = thermal_file(tmp_path / "a.cptv", frames=40)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    found: list[Shot] = []
    with pytest.raises(MediaError, match=r"a\.cptv: is truncated: the last good frame is (\d+)") as caught:
        for shot in open_source(str(path)).read():
            assert isinstance(shot, Shot)
            found.append(shot)
    assert 0 < len(found) < 40
    assert f"is {len(found) - 1}" in str(caught.value)


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_damage_to_a_thermal_recording_is_a_media_error_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, position: int, flip: int
) -> None:
    path = thermal_file(tmp_path_factory.mktemp("damage") / "a.cptv")
    data = bytearray(path.read_bytes())
    data[position % len(data)] ^= flip
    path.write_bytes(data)
    try:
        found = shots(open_source(str(path)))
    except MediaError as error:
        assert "a.cptv" in str(error)
    else:
        assert len(found) == 8


def test_something_else_named_cptv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.cptv"
    path.write_bytes(b"no thermal recording at all")
    with pytest.raises(MediaError, match=r"is no \.cptv recording"):
        open_source(str(path))


# --- Videos ------------------------------------------------------------------------------------------------------

GREY = [np.full((48, 64), 2900 + 12 * n, np.uint16) for n in range(40)]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 frames at 10 a second, with reordered pictures, in several containers."""
    folder = tmp_path_factory.mktemp("films")
    for suffix in ("mp4", "mkv", "avi", "ts", "h264"):
        video(folder / f"film.{suffix}", GREY, fps=10, bf="3", g="20")
    return folder


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
def test_packets_come_in_decoding_order_with_the_time_they_are_shown(films: Path, suffix: str) -> None:
    recording = open_source(str(films / f"film.{suffix}"))
    found = packets(recording)
    times = [packet.captured_ns for packet in found]
    assert sorted(times) == [100 * MS * n for n in range(40)]
    assert times != sorted(times)
    assert recording.kind == "optical"
    assert found[0].key
    assert (found[0].stream.codec, found[0].stream.width, found[0].stream.height) == ("h264", 64, 48)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts", "h264"])
def test_a_given_rate_renumbers_frames_in_the_order_they_are_shown(films: Path, suffix: str) -> None:
    times = [packet.captured_ns for packet in packets(open_source(str(films / f"film.{suffix}"), fps=8))]
    assert sorted(times) == [125 * MS * n for n in range(40)]
    assert times != sorted(times)


def test_a_truncated_video_gives_its_good_frames_then_says_so(tmp_path: Path) -> None:
    path = video(tmp_path / "film.avi", GREY, codec="mjpeg", fps=10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    found = 0
    with pytest.raises(MediaError, match=r"film\.avi: is truncated: (\d+) frames are there") as caught:
        for _ in open_source(str(path)).read():
            found += 1
    assert 0 < found < 40
    assert f"{found} frames are there, the last good one is frame {found - 1}" in str(caught.value)


def test_a_video_without_its_index_is_named(films: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    whole = (films / "film.mp4").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError, match=r"cut\.mp4: .*cut short.* has no index"):
        open_source(str(path))


@pytest.mark.parametrize("name", ["noise.mp4", "notes.txt"])
def test_what_is_no_video_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"nothing to be seen here\n" * 500)
    with pytest.raises(MediaError, match=name):
        packets(open_source(str(path)))


def test_a_playlist_reaches_no_other_file(films: Path, tmp_path: Path) -> None:
    playlist = tmp_path / "list.m3u8"
    inner = (films / "film.ts").as_posix()
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:4,\n{inner}\n#EXT-X-ENDLIST\n")
    concat = tmp_path / "list.ffconcat"
    concat.write_text(f"ffconcat version 1.0\nfile '{inner}'\n")
    for path in (playlist, concat):
        with pytest.raises(MediaError, match=path.name):
            packets(open_source(str(path)))


# --- Real recordings ---------------------------------------------------------------------------------------------


@pytest.mark.shared
def test_real_recordings_have_the_frames_that_are_known_of_them(shared_data: Path) -> None:
    possum = shots(open_source(str(shared_data / "caco_possum_trap" / "source.cptv")))
    assert (len(possum), possum[1].captured_ns) == (160, 114 * MS)
    hedgehog = shots(open_source(str(shared_data / "caco_hedgehog_b" / "source.cptv")))
    assert [n for n, shot in enumerate(hedgehog) if shot.shutter == "corrected"] == [30]
    people = packets(open_source(str(shared_data / "pets09_s2l1" / "vtest.avi"), fps=7))
    assert (len(people), people[-1].captured_ns) == (795, round(794e9 / 7))
    assert len(packets(open_source(str(shared_data / "opencv_tree" / "tree.avi")))) == 68
    assert open_source(str(shared_data / "cdnet_highway" / "input")).frames == 1000


@pytest.mark.shared
def test_the_lossless_copy_of_a_real_recording_is_thermal_too(shared_data: Path) -> None:
    recording = open_source(str(shared_data / "caco_possum_trap" / "frames.mkv"))
    assert (recording.kind, len(packets(recording))) == ("thermal", 160)
