"""What `afn serve` hands to the app's server."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from afn.cli import serve
from afn.cli.main import main
from afn.work.secret import server_key

NAMES = ("AFN_DATA_DIR", "AFN_RUNS_DIR", "AFN_FRAME_ANCESTORS", "AFN_SHARED")


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Serve with options; tells what the server is asked and what stands in the environment."""
    for name in NAMES:
        monkeypatch.setenv(name, "as it was")
    monkeypatch.setenv("AFN_SHARED", "0")
    monkeypatch.chdir(tmp_path)

    def serving(*options):
        asked = {}
        fake = SimpleNamespace(
            serve=lambda ready, **given: (ready("http://localhost:1"), asked.update(given))
        )
        monkeypatch.setattr(serve, "import_module", {"app.server": fake}.__getitem__)
        main(["serve", *options])
        return asked, [os.environ[name] for name in NAMES]

    return serving


def test_without_options_all_is_as_the_environment_says(served, capsys):
    assert served() == ({}, [*["as it was"] * 3, "0"])
    assert capsys.readouterr().out == "the app is at http://localhost:1\n"
    served("--json")
    assert capsys.readouterr().out == '{"kind": "serving", "address": "http://localhost:1"}\n'


def test_options_go_before_the_environment(served):
    sites = ["https://moodle.example.org", "https://*.example.com"]
    asked, there = served(
        "--port", "8600", "--host", "::1", "--data", "d", "--runs", "r", "--shared",
        "--frame-ancestors", *sites,
    )  # fmt: skip
    assert asked == {"server_port": 8600, "server_address": "::1"}
    assert there == ["d", "r", " ".join(sites), "1"]


def test_where_it_is_shared_the_address_of_the_server_page_is_told_with_its_key(served, capsys):
    served("--shared", "--runs", "r")
    *_, page = capsys.readouterr().out.splitlines()
    key = server_key(Path("r"))
    assert page == f"the server page, for you alone, is at http://localhost:1/server?key={key}"


def test_a_short_secret_is_one_line(served, monkeypatch, capsys):
    monkeypatch.setenv("AFN_SECRET", "guess")
    with pytest.raises(SystemExit):
        served("--shared", "--runs", "elsewhere")
    assert "AFN_SECRET has 16 characters or more, not 5" in capsys.readouterr().err


def test_without_the_extra_a_line_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        main(["serve"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "afn: the app needs what its extra brings: pip install 'afn[app]'\n"
    )
