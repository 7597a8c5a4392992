"""The Playground under AppTest, and runs of the kind that it starts."""

import json
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from afn.engine.execution import execute
from afn.jsonl import read_lines
from afn.settings.config import TrainConfig
from app.kit.comparison import from_url
from app.kit.feed import FEED
from tests.app.one_view import drawn
from tests.waiting import PATIENCE

APP = Path(__file__).parents[2] / "app" / "streamlit_app.py"
QUICK_LINK = {"data": "digits8", "epochs": "1", "widths": "4-8"}
CONFIG = TrainConfig(dataset="digits8", epochs=1, widths=(4, 8))
"""What the page starts for the first contender of ``QUICK_LINK``."""


def playground(**url):
    at = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    at.query_params.update(url)
    return drawn(at.run())


def unfold(at, *keys):
    """Open expanders and popovers, whose content is made when they are opened."""
    for key in keys:
        at.session_state[key] = True
    return drawn(at.run())


def press(at, label):
    at.button(key=f"transport.{label}").click()
    return drawn(at.run())


def is_enabled(at, label):
    return not at.button(key=f"transport.{label}").disabled


def fed(at):
    """What the page's figures and cards say: the whole of each one's channel, by its key."""
    sent = [json.loads(each.proto.json or "{}") for each in at.get("bidi_component")]
    channels = {each["key"]: each["channel"] for each in sent if "channel" in each}
    said = {}
    for key, name in channels.items():
        message, _ = FEED[name].since("", -1)
        [said[key]] = json.loads(message)["chunks"]
    return said


def readings(at):
    """The sentences under the figures."""
    return "\n".join(each["reading"] for each in fed(at).values())


def cards(at):
    """Per contender (its name, how it stands, the line below)."""
    page = fed(at)["cards"]["html"]
    pattern = r'<header><span>(.*?)</span><span class="state">(.*?)</span>.*?"facts">(.*?)</div>'
    return re.findall(pattern, page, re.DOTALL)


def settings(at):
    """The comparison that the address asks for."""
    url = {k: v if isinstance(v, list) else [v] for k, v in at.query_params.items()}
    comparison, problems = from_url(url)
    assert problems == []
    return comparison


def standing(at):
    return [(name, status) for name, status, _ in cards(at)]


def commands(run):
    return read_lines(run.control_path)[0]


def finished(store, config, **options):
    run = store.create(config, **options)
    list(execute(run))
    assert run.state().status == "finished"
    return run


def running(store, config, steps=3):
    """A run that this process executes, so many steps into it, and its events to come."""
    run = store.create(config)
    events = execute(run)
    while next(events).step < steps:
        pass
    return run, events
