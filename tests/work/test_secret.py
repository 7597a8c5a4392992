from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from afn.work import secret as secrets
from afn.work.secret import is_shared, secret, server_key


@pytest.fixture(autouse=True)
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from before, as in a process that has just begun."""
    monkeypatch.delenv("AFN_SECRET", raising=False)
    secret.cache_clear()


def test_the_secret_survives_a_restart_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    first, key = secret(root), server_key(root)
    secret.cache_clear()
    assert (secret(root), server_key(root)) == (first, key)
    assert len(first) == 64
    assert first not in key
    (kept,) = root.iterdir()  # nothing is left of making it
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_each_server_has_its_own(tmp_path: Path) -> None:
    assert secret(tmp_path / "one") != secret(tmp_path / "two")


def test_servers_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: secrets._kept(tmp_path), range(32)))) == 1


@pytest.mark.parametrize("torn", ["", "abc"])
def test_a_torn_file_signs_nothing(tmp_path: Path, torn: str) -> None:
    (tmp_path / ".secret").write_text(torn)
    assert len(secret(tmp_path)) == 64


def test_the_environment_goes_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFN_SECRET", "sixteen letters!")
    assert secret(tmp_path) == "sixteen letters!"
    assert not list(tmp_path.iterdir())


def test_a_short_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFN_SECRET", "guess")
    with pytest.raises(ValueError, match="AFN_SECRET has 16 characters or more, not 5: take"):
        secret(tmp_path)


def test_where_none_can_be_kept_there_is_one_for_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    root = tmp_path / "file" / "runs"
    first = secret(root)
    assert len(first) == 64
    assert secret(root) == first
    assert "visitors are new after a restart" in caplog.text
    assert first not in caplog.text


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), ("", False)])
def test_a_server_is_shared_where_it_says_so(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("AFN_SHARED", value)
    assert is_shared() is expected
