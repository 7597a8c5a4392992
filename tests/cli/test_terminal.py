"""What a terminal shows: colours, bars with the time left, headings; and that a pipe gets none."""

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from afn.cli.main import FIRST, main
from afn.cli.telling import columns
from afn.cli.terminal import Bar, bar, tracked
from tests.installed import ROOT
from tests.waiting import PATIENCE

TRAIN = ["train", "--dataset=digits8", "--epochs=2", "--widths", "4", "8", "--corruptions"]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def seen(tmp_path):
    """Runs a command on a terminal; returns what came on it and, if it was piped, on its output."""

    def run(*arguments, is_piped=False, **variables):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "afn", *arguments],
            cwd=ROOT,
            stdin=theirs,
            stdout=subprocess.PIPE if is_piped else theirs,
            stderr=theirs,
            env={
                **os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "NO_COLOR": "",
                "AFN_RUNS_DIR": str(tmp_path / "runs"), "OMP_NUM_THREADS": "1", **variables,
            },
        )  # fmt: skip
        os.close(theirs)
        shown, output = b"", b""
        until = time.monotonic() + PATIENCE
        watched = [ours, *([process.stdout.fileno()] if process.stdout else [])]
        while watched and time.monotonic() < until:
            for stream in select.select(watched, [], [], 1)[0]:
                try:
                    said = os.read(stream, 65536)
                except OSError:  # a terminal that nobody writes to any more
                    said = b""
                if not said:
                    watched.remove(stream)
                elif stream == ours:
                    shown += said
                else:
                    output += said
        assert process.wait(PATIENCE) == 0, shown.decode()
        os.close(ours)
        if process.stdout:
            process.stdout.close()
        return shown.decode(), output.decode()

    return run


@pytest.mark.slow
def test_training_on_a_terminal_has_a_bar_with_time_left_and_colours(seen):
    shown, _ = seen(*TRAIN)
    assert re.search(r"step \d+, loss \d\.\d+ .*━.* \d+:\d\d left", ESCAPES.sub("", shown))
    assert "100%" in shown
    assert re.search(r"\x1b\[1m\d+\.\d\d %", shown)
    last = ESCAPES.sub("", shown).splitlines()[-1]
    assert last.startswith("finished after")


@pytest.mark.slow
def test_what_is_piped_is_plain_while_the_terminal_has_the_bar(seen):
    shown, output = seen(*TRAIN, "--json", is_piped=True)
    assert "left" in shown
    assert "━" in shown
    assert "\x1b" not in output
    assert '"kind": "end"' in output.splitlines()[-1]


@pytest.mark.slow
def test_tables_have_headings_on_a_terminal_and_no_color_is_heeded(seen):
    shown, _ = seen("pretrained", NO_COLOR="1")
    assert ESCAPES.sub("", shown).split()[:4] == ["model", "norm", "trained", "on"]
    assert not re.search(r"\x1b\[(?:\d+;)*3\d", shown)
    assert "━" not in seen("runs", TERM="dumb")[0]


def test_alone_it_says_what_to_do_first(capsys):
    main([])
    captured = capsys.readouterr()
    assert captured.out.strip() == FIRST
    assert len(FIRST.splitlines()) <= 12
    assert captured.err == ""


def test_columns_stand_below_each_other_in_every_script():
    lines = columns(("name", ">n", ""), [("a", "5", "x"), ("数字", "12", ""), ("é", "1", "y")])
    assert lines == ["name   n", "a      5  x", "数字  12", "é      1  y"]


def test_without_a_terminal_no_bar_is_drawn_and_nothing_said(capsys):
    assert list(tracked(iter("ab"), "counting", 2)) == ["a", "b"]
    with bar("waiting", 3) as shown:
        shown.reach(1, 2, "still")
        shown.advance()
        assert not shown.is_drawn
    Bar().advance()
    assert capsys.readouterr() == ("", "")
