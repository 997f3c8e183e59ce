"""Pseudonyms: keyed, stable, apart by kind; and a key that only its owner reads."""

import hashlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icans_risk.errors import IcansRiskError
from icans_risk.ingest.pseudonyms import make_key, pseudonym, read_key

KEY = bytes(range(32))


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_identifiers_share_no_pseudonym(one: str, other: str) -> None:
    same = pseudonym(one, KEY, kind="patient") == pseudonym(other, KEY, kind="patient")
    assert same == (one == other)


def test_a_pseudonym_needs_the_key_and_differs_by_kind() -> None:
    names = {
        pseudonym("00123", KEY, kind="patient"),
        pseudonym("00123", KEY, kind="episode"),
        pseudonym("00123", bytes(32), kind="patient"),
        hashlib.sha256(b"00123").hexdigest(),
    }
    assert len(names) == 4


def test_a_key_file_is_random_and_read_by_its_owner_only(tmp_path: Path) -> None:
    make_key(tmp_path / "one.key")
    make_key(tmp_path / "two.key")
    assert stat.S_IMODE((tmp_path / "one.key").stat().st_mode) == 0o600
    assert read_key(tmp_path / "one.key") != read_key(tmp_path / "two.key")
    assert len(read_key(tmp_path / "one.key")) == 32


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path / "a.key")
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(IcansRiskError, match="cannot make the key file"):
        make_key(tmp_path / "a.key")
    assert (tmp_path / "a.key").read_bytes() == before


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "a.key")
    (tmp_path / "a.key").chmod(0o640)
    with pytest.raises(IcansRiskError, match="chmod 600"):
        read_key(tmp_path / "a.key")


@pytest.mark.parametrize("at", [".", "deep/er"])
def test_a_key_inside_a_repository_is_refused(tmp_path: Path, at: str) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / at
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.raises(IcansRiskError, match="lies in the repository"):
        make_key(folder / "a.key")
    assert not (folder / "a.key").exists()


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "schlüssel"])
def test_what_is_no_key_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.key"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    with pytest.raises(IcansRiskError, match="expected 32 bytes") as caught:
        read_key(file)
    assert not text or text not in str(caught.value).replace(str(file), "")


def test_an_absent_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(IcansRiskError, match="icans-risk make-key"):
        read_key(tmp_path / "no.key")
