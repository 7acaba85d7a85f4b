"""The first look at a recording: init, preview, try, foreground, as a person types them."""

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from emberline.__main__ import run
from support.cli import REPOSITORY, Result
from support.recordings import folder, video, walk

PAGE = REPOSITORY / "docs" / "first-look.md"


def emberline(*words: object) -> Result:
    """The command, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(word) for word in words])
    return Result(code, out.getvalue(), err.getvalue())


def good(*words: object) -> str:
    result = emberline(*words)
    assert result.code == 0, result.err
    return result.out


def alarms(log: Path) -> list[dict[str, Any]]:
    return json.loads(good("alarms", log, "--json"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16-bit images through which a target walks."""
    return folder(tmp_path_factory.mktemp("images") / "walk", walk(60))


@pytest.fixture(scope="module")
def site(images: Path) -> Path:
    """The site file that `init` gives for them."""
    path = images.parent / "site.toml"
    path.write_text(good("init", images))
    return path


@pytest.fixture(scope="module")
def tried(images: Path, site: Path) -> tuple[Path, str]:
    """The folder of a try, and what the command said."""
    output = images.parent / "try"
    return output, good("try", images, "--site", site, "--out", output)


def refused(*words: object) -> str:
    result = emberline(*words)
    assert result.code == 2, result.err
    assert result.err.startswith("error: ")
    return result.err


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


def test_init_prints_a_site_file_that_passes_check(images: Path, site: Path) -> None:
    assert "1 channel, 1 rule" in good("check", site)
    text = site.read_text()
    assert 'kind = "thermal"' in text and "16-bit" in text
    assert f'source = "file:{images}"' in text


def test_the_examples_in_it_pass_check_once_their_number_signs_are_taken_away(site: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.toml"
    whole.write_text(re.sub(r"^#(?=[^ ])", "", site.read_text(), flags=re.MULTILINE))
    assert "1 channel, 2 rules" in good("check", whole)


def test_init_writes_the_rate_only_where_the_source_has_no_times(images: Path, tmp_path: Path) -> None:
    assert re.search(r"^fps = 9 .*assumed", good("init", images), re.MULTILINE)
    assert re.search(r"^fps = 5 .*as you said", good("init", images, "--fps", 5), re.MULTILINE)
    assert not re.search(r"^fps", good("init", video(tmp_path / "yard.mp4", walk(20))), re.MULTILINE)


def test_for_8_bit_pictures_the_kind_is_a_guess_and_says_so(tmp_path: Path) -> None:
    yard = good("init", video(tmp_path / "yard.mp4", walk(20)))
    assert re.search(r'^kind = "optical" .*a guess', yard, re.MULTILINE)
    named = good("init", video(tmp_path / "yard-thermal.mp4", walk(20)))
    assert re.search(r'^kind = "thermal" .*a guess', named, re.MULTILINE)


def test_init_survives_an_odd_name(tmp_path: Path) -> None:
    odd = folder(tmp_path / "a \"b\" #c? 'd' é", walk(3))
    site = tmp_path / "site.toml"
    site.write_text(good("init", odd))
    good("preview", site, "--out", tmp_path / "rules.png")


def test_preview_draws_every_channel_with_its_rules(images: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(TWO_CHANNELS.format(images=images))
    output = tmp_path / "rules.png"
    result = emberline("preview", tmp_path / "site.toml", "--out", output)
    assert result.code == 0 and result.out.strip() == str(output)
    drawn = picture(output)
    assert drawn.shape[1] > 1700, "two channels stand side by side"
    for colour in ((0x56, 0xB4, 0xE9), (0xF0, 0xE4, 0x42), (0x2F, 0xD6, 0xA3)):
        assert (np.abs(drawn.astype(int) - colour).max(axis=2) < 8).sum() > 200, f"{colour} is nowhere"


def test_preview_of_one_frame_differs_from_that_of_another(site: Path, tmp_path: Path) -> None:
    good("preview", site, "--out", tmp_path / "a.png")
    good("preview", site, "--out", tmp_path / "b.png", "--frame", 40)
    assert (picture(tmp_path / "a.png") != picture(tmp_path / "b.png")).any()


def test_preview_says_what_it_cannot_draw(site: Path, tmp_path: Path) -> None:
    assert "must end in .png" in refused("preview", site, "--out", tmp_path / "rules.txt")
    assert "no good frame 500" in refused("preview", site, "--out", tmp_path / "a.png", "--frame", 500)
    gone = tmp_path / "gone.toml"
    gone.write_text(site.read_text().replace("/walk", "/nothing"))
    assert "channel.thermal.source" in refused("preview", gone, "--out", tmp_path / "a.png")
    assert "No such file" in refused("preview", site, "--out", tmp_path / "not" / "there.png")


def test_try_lists_the_alarms_and_draws_them_on_one_sheet(tried: tuple[Path, str]) -> None:
    output, said = tried
    assert len(alarms(output / "log")) == 1
    assert "anywhere" in said and f"picture: {output / 'alarms.png'}" in said
    assert picture(output / "alarms.png").shape[1] == 906, "one card wide"


def test_the_commands_that_try_proposes_work(
    tried: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    proposals = [line.split()[1:] for line in tried[1].splitlines() if line.startswith("  emberline ")]
    assert [words[0] for words in proposals] == ["snapshot", "replay", "replay"]
    for words in proposals:
        good(*words)
    assert (tmp_path / "alarm.png").is_file()


def test_trying_again_replaces_the_earlier_try_and_nothing_else(images: Path, site: Path, tmp_path: Path) -> None:
    output = tmp_path / "try"
    good("try", images, "--site", site, "--out", output)
    (output / "mine.txt").write_text("keep")
    good("try", images, "--site", site, "--out", output)
    assert len(alarms(output / "log")) == 1 and (output / "mine.txt").read_text() == "keep"

    other = tmp_path / "other"
    other.mkdir()
    (other / "alarms.png").write_text("somebody's")
    assert "no earlier try" in refused("try", images, "--site", site, "--out", other)
    assert (other / "alarms.png").read_text() == "somebody's"
    assert "is a file" in refused("try", images, "--site", site, "--out", output / "mine.txt")


def test_without_an_alarm_try_shows_what_came_closest_and_what_it_would_have_taken(
    images: Path, site: Path, tmp_path: Path
) -> None:
    (tmp_path / "deaf.toml").write_text(site.read_text().replace("duration = 1 ", "duration = 30 "))
    output = tmp_path / "try"
    said = good("try", images, "--site", tmp_path / "deaf.toml", "--out", output)
    assert "no alarms" in said and "what came closest" in said
    assert picture(output / "alarms.png").shape[0] > 400

    said = good("try", images, "--site", _without_targets(site, tmp_path), "--out", output)
    proposal = re.search(r"replay (\S+) --set '(rule\.anywhere\.targets=.*)'", said)
    assert proposal is not None, said
    assert "1 gained" in good("replay", proposal[1], "--set", proposal[2])


def test_of_a_recording_in_which_nothing_happens_try_says_so(site: Path, tmp_path: Path) -> None:
    still = folder(tmp_path / "still", [np.full((72, 96), 3000, np.uint16)] * 20)
    assert "nothing stood out" in good("try", still, "--site", site, "--out", tmp_path / "try")


def test_try_shows_the_most_alarms_that_are_asked_for(images: Path, site: Path, tmp_path: Path) -> None:
    """Two rules, two alarms: a sheet two cards wide, or one with --most 1."""
    (tmp_path / "two.toml").write_text(site.read_text() + '\n[[rule]]\nid = "again"\nlike = "anywhere"\n')
    output = tmp_path / "try"
    good("try", images, "--site", tmp_path / "two.toml", "--out", output)
    assert picture(output / "alarms.png").shape[1] == 1792
    good("try", images, "--site", tmp_path / "two.toml", "--out", output, "--most", 1)
    assert picture(output / "alarms.png").shape[1] == 906


def test_try_refuses_bad_input_before_it_touches_the_folder(images: Path, site: Path, tmp_path: Path) -> None:
    output = tmp_path / "try"
    assert "no such file" in refused("try", tmp_path / "no.mp4", "--site", site, "--out", output)
    assert "no such channel" in refused("try", images, "--site", site, "--out", output, "--channel", "gate")
    assert "--most 0" in refused("try", images, "--site", site, "--out", output, "--most", 0)
    assert not output.exists()


def test_foreground_writes_masks_named_after_the_frames(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "masks"
    assert "5 masks" in good("foreground", images, "--out", output, "--frames", "40:45")
    assert sorted(p.name for p in output.iterdir()) == [f"{n:06d}.png" for n in range(40, 45)]
    with Image.open(output / "000042.png") as mask:
        values = np.array(mask)
    assert values.shape == (72, 96) and set(np.unique(values)) == {0, 255}
    x = int(-8 + 1.5 * (42 - 15))
    target = np.zeros((72, 96), bool)
    target[30:48, x : x + 8] = True
    both = (values == 255) & target
    assert both.sum() >= 0.8 * target.sum(), "the target is found"
    assert (values[:, : x - 12] == 0).all() and (values[:, x + 20 :] == 0).all(), "and nothing far from it"


def test_frames_before_the_first_one_written_still_teach_the_background(images: Path, tmp_path: Path) -> None:
    good("foreground", images, "--out", tmp_path / "all")
    good("foreground", images, "--out", tmp_path / "some", "--frames", "30:32")
    for name in ("000030.png", "000031.png"):
        assert (tmp_path / "all" / name).read_bytes() == (tmp_path / "some" / name).read_bytes()


def test_sensitivity_0_finds_nothing_and_more_sensitivity_never_less(images: Path, tmp_path: Path) -> None:
    found: list[int] = []
    for sensitivity in (0, 30, 90):
        output = tmp_path / str(sensitivity)
        good("foreground", images, "--out", output, "--sensitivity", sensitivity, "--frames", "40:41")
        found.append(int((picture(output / "000040.png") > 0).sum()))
    assert found[0] == 0 < found[1] <= found[2]


def test_foreground_refuses_what_it_cannot_do(images: Path, tmp_path: Path) -> None:
    output = tmp_path / "masks"
    assert "--sensitivity 101" in refused("foreground", images, "--out", output, "--sensitivity", 101)
    assert "write A:B" in refused("foreground", images, "--out", output, "--frames", "5")
    assert "selects none" in refused("foreground", images, "--out", output, "--frames", "500:600")
    before = {path: path.read_bytes() for path in images.iterdir()}
    assert "is not empty" in refused("foreground", images, "--out", images), "a source is never overwritten"
    assert {path: path.read_bytes() for path in images.iterdir()} == before
    assert "Not a directory" in refused("foreground", images, "--out", images / "000000.png" / "masks")


def test_the_commands_of_the_page_work_in_order(tmp_path: Path) -> None:
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL))
    assert commands.count("emberline ") >= 7
    video(tmp_path / "yard.mp4", walk(60))
    shim = tmp_path / "bin" / "emberline"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m emberline "$@"\n')
    shim.chmod(0o755)
    path = f"{shim.parent}:/usr/bin:/bin"
    done = subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "replay: identical" in done.stdout
    assert len(alarms(tmp_path / "emberline-try" / "log")) == 1
    assert (tmp_path / "rules.png").is_file() and (tmp_path / "emberline-try" / "alarms.png").is_file()
    assert len(list((tmp_path / "masks").iterdir())) == 50


def _without_targets(site: Path, where: Path) -> Path:
    """The site with a rule for what the recording does not show, patient enough for the target to be classified."""
    path = where / "narrow.toml"
    document = re.sub(r"^targets = .*$", 'targets = ["other"]', site.read_text(), flags=re.MULTILINE)
    path.write_text(document.replace("duration = 1 ", "duration = 3 "))
    return path


TWO_CHANNELS = """
[[channel]]
id = "thermal"
kind = "thermal"
source = "file:{images}"
[channel.vca]
shield = [[[0, 0], [1, 0], [1, 0.1]]]
[channel.motion]
areas = [[[0.1, 0.5], [0.5, 0.5], [0.5, 0.9], [0.1, 0.9]]]

[[channel]]
id = "far"
kind = "optical"
source = "rtsp://camera.example/1"

[[rule]]
id = "fence"
channel = "thermal"
type = "line_crossing"
line = [[0.1, 0.6], [0.9, 0.7]]
[[rule]]
id = "yard"
channel = "thermal"
type = "intrusion"
region = [[0.3, 0.3], [0.8, 0.3], [0.8, 0.9]]
"""
