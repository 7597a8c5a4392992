"""What golden tests share: the comparison with a file kept here, and a store of fixed runs."""

import difflib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st

from tests.golden.names import (
    RULE,
    Cell,
    Evaluation,
    GridTask,
    LocalRunner,
    MapTask,
    RunStore,
    StreamStep,
    StreamTask,
)

HERE = Path(__file__).parent
RENEW = "if that is meant: python -m pytest tests/golden --renew, and read the diff"
Golden = Callable[[str, str], None]


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Holds a text against the file of a name below ``tests/golden``, byte by byte.

    With ``--renew`` the file is written instead.
    """

    def hold(name: str, text: str) -> None:
        path = HERE / name
        if request.config.getoption("--renew"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            return
        kept = path.read_bytes().decode() if path.exists() else ""
        if text != kept:
            lines = difflib.unified_diff(
                kept.splitlines(), text.splitlines(), f"kept in {name}", "now", n=1, lineterm=""
            )
            pytest.fail("\n".join([f"{name} is not what it was; {RENEW}", *lines]), pytrace=False)

    return hold


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunStore]:
    """The app's run store with the runs kept here, without a data folder; nothing trains.

    ``golden-cut`` is ``golden-bn``, had it failed.
    """
    root = tmp_path / "runs"
    shutil.copytree(HERE / "stored", root)
    shutil.copytree(root / "golden-bn", root / "golden-cut")
    end = root / "golden-cut" / "end.json"
    failed = {"status": "failed", "reason": "the loss is not finite"}
    end.write_text(json.dumps(json.loads(end.read_text()) | failed))
    monkeypatch.setenv("AFN_RUNS_DIR", str(root))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    for name in ("start", "submit", "submit_behind", "evaluate"):
        monkeypatch.setattr(LocalRunner, name, lambda self, *work: None)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield RunStore()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def answered(runs: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pages ask is answered at once, the same way everywhere and by no network."""

    def answer(runner: object, evaluation: Evaluation) -> None:
        for task in evaluation.tasks():
            if isinstance(task, GridTask):
                for place in task.missing():
                    task.network.file(task.question).append(_cell(task, place))
            elif isinstance(task, MapTask):
                task.file.append(_cell(task, task.place))
                while points := task.next_points():
                    for mu, sigma in points:
                        worse = round(10 * mu + 20 * sigma)
                        task.file.append(_cell(task, task.place, worse), mu, sigma)
            elif isinstance(task, StreamTask):
                for batch in range(task.plan.num_batches):
                    task.append(_step(task, batch))

    monkeypatch.setattr(LocalRunner, "evaluate", answer)


def _cell(task: GridTask | MapTask, place: tuple[str | None, int], worse: int = 0) -> Cell:
    n, wrong = task.question.num_images, 2 + (int(task.question.key, 16) + place[1] + worse) % 9
    return Cell(
        corruption=place[0],
        severity=place[1],
        source="generated" if place[0] else "clean",
        loss=1.0,
        answers=bytes((i + (i % wrong == 0)) % 10 for i in range(n)),
        confidences=bytes(n),
        labels=bytes(i % 10 for i in range(n)),
        rule=RULE if place[0] else None,
    )


def _step(task: StreamTask, batch: int) -> StreamStep:
    corruption, severity = task.plan.place(batch)
    labels = tuple(i % 10 for i in range(task.plan.size))
    wrong = 2 + (batch + len(f"{task.method}")) % 5
    return StreamStep(
        batch=batch,
        corruption=corruption,
        severity=severity,
        images=tuple(range(task.plan.size)),
        labels=labels,
        answers=tuple((label + (i % wrong == 0)) % 10 for i, label in enumerate(labels)),
        confidences=(0.5,) * task.plan.size,
        entropy=0.5,
        moved=0.0,
        rescaled=0.0,
        lambdas={},
    )
