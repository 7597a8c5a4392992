"""A small image tree of three domains, networks of it, and the Domains page upon it."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from afn.ask.execution import carry_out
from afn.engine.execution import execute
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.work.runner import LocalRunner
from tests.app.cells import Table
from tests.app.one_view import drawn, opened

NAMES = ("shapes/ink", "shapes/neon", "shapes/pale")
TINY = TrainConfig(widths=(2,), epochs=2, batch_size=8, eval_images=20, corruptions=())
TREE = {"of": "shapes", "n": "200"}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A data folder: the same two shapes on paper of three brightnesses."""
    folder = tmp_path_factory.mktemp("data")
    noise = np.random.default_rng(0)
    for paper, name in zip((230, 60, 150), NAMES, strict=True):
        for shape in ("bar", "box"):
            place = folder / "Shapes" / name.partition("/")[2] / shape
            place.mkdir(parents=True)
            for i in range(20):
                pixels = noise.integers(paper - 20, paper + 20, (64, 64, 3), dtype=np.uint8)
                pixels[20:44, 28:36] = 0
                if shape == "box":
                    pixels[20:44, 12:52] = 0
                Image.fromarray(pixels).save(place / f"{i}.png")
    return folder


@pytest.fixture
def shapes(runs, no_models, monkeypatch, pictures):
    """The app's run store beside the pictures; evaluations are carried out when asked for."""
    monkeypatch.setenv("AFN_DATA_DIR", str(pictures))
    monkeypatch.setattr(LocalRunner, "evaluate", lambda self, evaluation: carry_out(evaluation))
    return runs


@pytest.fixture(scope="session")
def networks_of_shapes(tmp_path_factory, pictures):
    """A folder with BN and AFN networks of every domain."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFN_DATA_DIR", str(pictures))
        for norm in ("bn", "afn"):
            for name in NAMES:
                list(execute(RunStore(folder).create(replace(TINY, norm=norm, dataset=name))))
    return folder


@pytest.fixture
def trained_shapes(shapes, networks_of_shapes):
    """The store with those networks."""
    shutil.copytree(networks_of_shapes, shapes.root)
    return shapes


def finished(store, **changes):
    run = store.create(replace(TINY, **changes))
    list(execute(run))
    assert run.state().status == "finished"
    return run


def page(**url):
    return answered(opened("domains", **url))


def answered(at):
    """The page once what it asked for is there; AppTest reruns no fragments by itself."""
    for _ in range(2):
        drawn(at).run()
    return drawn(at)


def tables(at):
    """The matrices: caption -> texts of the cells, row by row."""
    found = {}
    for html in at.get("html"):
        body = html.proto.body
        if "afn-matrix" in body:
            caption = body.partition("<caption>")[2].partition("</caption>")[0]
            rows = [[text for tag, _, text in row if tag == "td"] for row in Table(body).rows]
            found[caption] = [row for row in rows if row]
    return found


def buttons(at):
    return [button.label for button in at.button]


def queued(store):
    return {(run.config().norm, run.config().dataset) for run in store.list()}
