"""Seals are signed: what somebody without the key changes, swaps or takes away is found, digests made anew or not."""

import stat
from pathlib import Path

import msgspec
import pytest

from kernel.log.contract import LogError
from kernel.log.duckdb_log import open_log
from kernel.log.ledger_file import append_line, read_ledger, write_ledger
from kernel.log.ledger_lines import Sealed, first_line
from kernel.log.segments import Segment, file_sha256
from kernel.log.signing import BadKey, SealKey, public_keys, read_public, seal_key
from kernel.log.verify import verify_log
from support.cli import emberline, good
from support.recordings import cptv, walk
from support.sites import whole_frame
from tests.kernel.log_helpers import SECOND, change, editable_copy, fill, found_sound, three_segments


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_segments(tmp_path_factory.mktemp("signed") / "log")


@pytest.fixture
def copy(log: Path, tmp_path: Path) -> Path:
    return editable_copy(log, tmp_path / "copy")


def relined(log: Path, change: dict[int, dict[str, object]]) -> None:
    """Write the ledger anew, with fields of the numbered seals changed."""
    lines = list(read_ledger(log).sealed)
    changed = [msgspec.structs.replace(line, **change.get(n, {})) for n, line in enumerate(lines)]
    write_ledger(log, [first_line(), *changed])


def test_every_seal_is_signed_with_the_key_that_lies_with_the_log(log: Path) -> None:
    lines, keys = read_ledger(log).sealed, public_keys(log)
    assert {line.key for line in lines} == set(keys)
    assert found_sound(log) == (90, 30)
    ((id, count),) = verify_log(log).signed
    assert count == 3
    assert f"signed: 3 segments with the key that lies with the log, {id}" in good("verify", log)


def test_the_private_key_is_for_its_owner_alone(log: Path) -> None:
    assert stat.S_IMODE((log / "seal.key").stat().st_mode) == 0o600
    assert b"PRIVATE" not in next(log.glob("seal-*.pub")).read_bytes()


def test_a_payload_forged_with_all_digests_made_anew_is_found_by_its_signature(copy: Path) -> None:
    segment = Segment(copy, int(SECOND))
    change(segment.events, "UPDATE events SET written = 1")
    relined(copy, {1: {"events_sha256": file_sha256(segment.events)}})
    verdict = verify_log(copy)
    assert (verdict.sound, verdict.first_bad_seq) == (False, int(SECOND))
    assert "the signature of segment 000000000031" in verdict.reason


def test_a_signature_taken_away_is_found_where_others_are_there(copy: Path) -> None:
    relined(copy, {1: {"key": None, "signature": None}})
    assert "segment 000000000031 is not signed" in verify_log(copy).reason


def test_a_seal_by_a_stranger_is_found(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = seal_key(tmp_path / "stranger")
    line = stranger.signed(read_ledger(copy).sealed[1])
    relined(copy, {1: {"key": line.key, "signature": line.signature}})
    assert f"signed with key {stranger.id}, which is not one of those" in verify_log(copy).reason


def test_a_log_without_signatures_is_told_apart_and_refused_where_a_key_is_given(copy: Path) -> None:
    relined(copy, {n: {"key": None, "signature": None} for n in range(3)})
    assert verify_log(copy).unsigned == 3
    assert "unsigned: 3 segments" in good("verify", copy)
    refused = emberline("verify", copy, "--key", next(copy.glob("seal-*.pub")))
    assert refused.code == 1
    assert "not signed" in refused.err


def test_with_a_key_given_a_log_signed_by_another_is_refused(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = seal_key(tmp_path / "other")
    refused = emberline("verify", copy, "--key", tmp_path / "other" / f"seal-{other.id}.pub")
    assert refused.code == 1
    assert "not one of those to be trusted" in refused.err
    assert emberline("verify", copy, "--key", copy / "ledger.jsonl").code == 2


def test_a_swapped_and_a_missing_segment_are_found(log: Path, tmp_path: Path) -> None:
    swapped, missing = editable_copy(log, tmp_path / "swapped"), editable_copy(log, tmp_path / "missing")
    first, second = Segment(swapped, 1).events, Segment(swapped, int(SECOND)).events
    aside = first.rename(swapped / "aside")
    second.rename(first)
    aside.rename(second)
    assert verify_log(swapped).first_bad_seq == 1
    Segment(missing, int(SECOND)).events.unlink()
    assert verify_log(missing).first_bad_seq == int(SECOND)


def test_a_key_kept_elsewhere_signs_too_and_leaves_no_private_key_in_the_log(tmp_path: Path) -> None:
    key = tmp_path / "vault.key"
    log = open_log(tmp_path / "log", "write", key=key, segment_bytes=2000)
    fill(log, 9)
    log.close()
    assert not (tmp_path / "log" / "seal.key").exists()
    (public,) = (tmp_path / "log").glob("seal-*.pub")
    assert verify_log(tmp_path / "log", public_key=read_public(public)).sound
    key.chmod(0o644)
    with pytest.raises(LogError, match="chmod 600"):
        open_log(tmp_path / "log", "write", key=key)


def test_a_damaged_key_is_put_aside_and_what_it_signed_stays_proven(copy: Path) -> None:
    (copy / "seal.key").write_bytes(b"zzz")
    log = open_log(copy, "write")
    fill(log, 1)
    log.close()
    assert len(verify_log(copy).signed) == 2
    assert found_sound(copy) == (93, 31)
    assert (copy / "quarantine" / "seal.key").exists()


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pub").write_text("not a key")
    with pytest.raises(BadKey, match="no public key"):
        read_public(tmp_path / "a.pub")


def test_a_line_is_signed_as_a_whole(log: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    key: SealKey = seal_key(tmp_path / "keys")
    signed = key.signed(read_ledger(log).sealed[0])
    from kernel.log.signing import is_signed_by

    public = public_keys(tmp_path / "keys")[key.id]
    assert is_signed_by(signed, public)
    for field in msgspec.structs.fields(Sealed):
        value = getattr(signed, field.name)
        other = value + 1 if isinstance(value, int) else "0" * 64
        assert not is_signed_by(msgspec.structs.replace(signed, **{field.name: other}), public), field.name
    append_line(editable_copy(log, tmp_path / "log"), signed)


def test_the_environment_names_a_key_for_every_command_that_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, key = tmp_path / "site.toml", tmp_path / "vault.key"
    site.write_text(whole_frame())
    clip = cptv(tmp_path / "a.cptv", walk(12))
    monkeypatch.setenv("EMBERLINE_SEAL_KEY", str(key))
    good("import", clip, "--log", tmp_path / "log", "--site", site)
    good("replay", tmp_path / "log")
    assert key.exists()
    assert not (tmp_path / "log" / "seal.key").exists()
    assert len(verify_log(tmp_path / "log").signed) == 1
