"""A page, a lesson, a data set, a setting, as CONTRIBUTING.md says: in a copy, and found there.

Each touches the files that its section names, and no other.
"""

import filecmp
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import forked
from tests.adding.test_rows import ADDED
from tests.installed import ROOT, environment

NEW_KINDS = {"afn/corruptions/colour.py"}
"""Files beside those that a section names as examples."""
PASSED_OVER = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True, kw_only=True)
class Addition:
    """An addition as somebody makes it who reads CONTRIBUTING.md."""

    new: Mapping[str, str] = field(default_factory=dict)
    """Files, and what they say."""
    edits: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """By file: what is replaced, and by what."""
    command: Sequence[str] = ()
    """What is to be run then, by Python."""
    makes: Sequence[str] = ()
    """The files that it writes."""
    check: str
    """A program that finds the addition where it should appear."""


APP = """
from streamlit.testing.v1 import AppTest

def opened(path="", **url):
    at = AppTest.from_file("app/streamlit_app.py", default_timeout=300)
    at.query_params.update({} if path else url)
    at.run()
    if path:
        at._page_hash = {
            page["url_pathname"]: number for number, page in at._registered_pages.items()
        }[path]
        at.query_params.clear()
        at.query_params.update(url)
        at.run()
    assert not at.exception, at.exception
    return at
"""
"""Begins a program about the app: ``opened`` goes by the navigation, with a link's parameters."""

ADDITIONS = {
    "page": Addition(
        new={
            "app/page/echo/__init__.py": "",
            "app/page/echo/view.py": '''\
"""What the echo shows."""

from dataclasses import dataclass

from ...kit.view import View, ViewState, in_link


@dataclass(frozen=True, kw_only=True, slots=True)
class EchoView(View):
    """How often it answers."""

    times: int = in_link("n", 2, range(1, 10))


VIEW = ViewState("echo", EchoView, anchor="times")
''',
            "app/page/echo/page.py": '''\
"""What is called comes back."""

import streamlit as st

from .view import VIEW

TITLE, PATH = "Echo", "echo"


def render() -> None:
    """The page."""
    _, problems = VIEW.begin()
    for problem in problems:
        st.error(problem)
    st.slider("Times", 1, 9, key=VIEW.key("times"))
    view = VIEW.take()
    st.markdown("λ" * view.times)
    VIEW.write(view)
''',
        },
        edits={"app/page/__init__.py": [('    "runs",\n', '    "echo",\n    "runs",\n')]},
        check=APP
        + """
at = opened("echo", n="4")
assert at.markdown[0].value == "λ" * 4
at.slider[0].set_value(5).run()
assert at.markdown[0].value == "λ" * 5
assert "n is a whole number from 1 to 9" in opened("echo", n="10").error[0].value
""",
    ),
    "lesson": Addition(
        new={
            "app/page/lessons/lessons/echo.py": '''\
"""Lesson: one network, asked once."""

from dataclasses import replace

from ..experiments.evaluations import Answers, Evaluations, LessonQuestion
from . import axes, one_image
from .lesson import Answer, LessonChart


def _read(data: Answers) -> str:
    return f"{data['BN'][None, 0].correct} are right."


def answer(data: Answers) -> Answer:
    """That there is one."""
    return Answer(0, f"It was asked. {_read(data)}")


LESSON = replace(
    one_image.LESSON,
    slug="echo",
    title="An echo",
    experiment=Evaluations(
        asks=(LessonQuestion(label="BN", model="mnist5k-bn", places=((None, 0),)),),
        num_images=100,
    ),
    figure=axes.LESSON.figure,
    charts=(),
    answer=answer,
)
''',
        },
        edits={
            "app/page/lessons/lessons/__init__.py": [
                ("(\n    adapting,\n", "(\n    adapting,\n    echo,\n"),
                ("        price,\n", "        price,\n        echo,\n"),
            ]
        },
        command=("-m", "benchmarks.lessons", "--keep", "echo"),
        makes=("app/reference/lessons/echo.json", "app/static/lesson_figure/echo.json"),
        check=APP
        + """
from app.page.lessons.lessons import LESSONS

count = f"0 of {len(LESSONS)} completed in this browser"
assert count in [each.value for each in opened("lessons").caption]
at = opened("lessons", lesson="echo", guess="0")
assert at.title[0].value == "An echo"
assert any(each.value.startswith("It was asked.") for each in at.markdown)
assert any(each.value.startswith("**Precomputed**") for each in at.caption)
""",
    ),
    "data set": Addition(
        edits={
            "afn/data/embedded.py": [
                (
                    "\n_MNIST5K = _Recipe(",
                    """
def _echo() -> ImageData:
    labels = np.arange(200) % 10
    images = np.repeat(labels, 64).reshape(-1, 8, 8, 1).astype(np.uint8) * 25
    return _split_digits("echo", images, labels, 50)


_MNIST5K = _Recipe(""",
                ),
                (
                    "_RECIPES = (\n    _MNIST5K,\n",
                    """_RECIPES = (
    _MNIST5K,
    _Recipe(
        entry=_entry("echo", "Echo", (8, 8, 1), (150, 50), "Greys."),
        version=1,
        packages=(),
        build=_echo,
    ),
""",
                ),
            ]
        },
        check=APP
        + """
from afn import TrainConfig, train
from afn.data import catalogue, load_dataset

assert catalogue()["echo"].status == "embedded"
assert load_dataset("echo").x_train.shape == (150, 8, 8, 1)
events = list(train(TrainConfig(dataset="echo", widths=(4,), epochs=1, corruptions=())))
assert events[-1].step == 2
box = opened(data="echo").selectbox(key="set.dataset")
assert box.value == "echo"
assert any("Echo" in option for option in box.options)
""",
    ),
    "setting": Addition(
        edits={
            "afn/settings/config.py": [
                (
                    "    train_images: int = row(",
                    """\
    echo: float = row(
        0.0, title="echo", url="echo", bounds=(0.0, 0.9), step=0.1, tells="echo {}",
        varied="0, 0.1", help="How much of each label goes to all classes alike.",
    )
    train_images: int = row(""",
                )
            ],
            "afn/engine/training.py": [
                (
                    "cross_entropy(logits, labels)",
                    "cross_entropy(logits, labels, label_smoothing=self.config.echo)",
                )
            ],
        },
        check="""
from afn import TrainConfig, train

losses = []
for echo in (0.0, 0.5):
    config = TrainConfig(dataset="digits8", widths=(4,), epochs=1, corruptions=(), echo=echo)
    losses.append([event.values["loss"] for event in train(config) if event.kind == "step"])
assert losses[0] != losses[1]
""",  # its places in app and command line: tests/settings/test_rows.py
    ),
}


def touched(house: Path) -> set[str]:
    """What differs from the house that was copied."""
    files = {
        path.relative_to(house).as_posix()
        for top in ("afn", "app")
        for path in (house / top).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    return {
        name
        for name in files
        if not (ROOT / name).exists() or not filecmp.cmp(house / name, ROOT / name, shallow=False)
    }


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy to work in."""
    folder = tmp_path / "house"
    for name in ("afn", "app", "benchmarks", ".streamlit"):
        shutil.copytree(ROOT / name, folder / name, ignore=PASSED_OVER)
    (folder / "pretrained").symlink_to(ROOT / "pretrained")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ADDITIONS)
def test_an_addition_appears_where_it_should(kind: str, house: Path, tmp_path: Path) -> None:
    addition = ADDITIONS[kind]
    for name, text in addition.new.items():
        path = house / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for name, edits in addition.edits.items():
        text = (house / name).read_text()
        for old, new in edits:
            assert text.count(old) == 1, f"{name}: {old}"
            text = text.replace(old, new)
        (house / name).write_text(text)
    own = environment(
        house,
        PYTHONDONTWRITEBYTECODE="1",
        AFN_RUNS_DIR=str(tmp_path / "runs"),
        AFN_DATA_DIR=str(tmp_path / "data"),
        AFN_CACHE_DIR=str(tmp_path / "cache"),
    )
    (tmp_path / "data").mkdir()

    if addition.command:
        forked.printed(*addition.command, env=own, cwd=house)
    program = house / "check.py"
    program.write_text(addition.check)
    forked.printed(str(program), env=own, cwd=house)
    assert touched(house) == {*addition.new, *addition.edits, *addition.makes}


TOUCHED = {kind: (*each.new, *each.edits, *each.makes) for kind, each in ADDITIONS.items()} | {
    kind.removeprefix("a "): (new, rows) for kind, (new, _, rows, _) in ADDED.items()
}


@pytest.mark.parametrize("kind", TOUCHED)
def test_contributing_names_what_an_addition_touches(kind: str) -> None:
    [section] = re.findall(
        rf"^## A {kind}\n(.*?)(?=^## |\Z)", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL | re.M
    )
    quoted = set(re.findall(r"`([^`]+)`", section))
    for name in TOUCHED[kind]:
        named = re.sub(r"\b(?:echo|rms|tiny)\b", "NAME", name)
        folder = named.rpartition("/")[0]
        is_of_a_kind = any(each.startswith(f"{folder}/") for each in quoted)
        assert {named, folder, f"{folder}/"} & quoted or (name in NEW_KINDS and is_of_a_kind), named
