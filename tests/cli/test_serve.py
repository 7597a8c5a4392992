"""What `afn serve` hands to the app's server."""

import os
from types import SimpleNamespace

import pytest

from afn.cli import serve
from afn.cli.main import main

NAMES = ("AFN_DATA_DIR", "AFN_RUNS_DIR", "AFN_FRAME_ANCESTORS", "AFN_SHARED")


@pytest.fixture
def served(monkeypatch):
    """Serve with options; tells what the server is asked and what stands in the environment."""
    for name in NAMES:
        monkeypatch.setenv(name, "as it was")

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
    assert served() == ({}, ["as it was"] * 4)
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


def test_without_the_extra_a_line_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        main(["serve"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "afn: the app needs what its extra brings: pip install 'afn[app]'\n"
    )
