"""What is kept on disk: names of files, keys of questions, and the shape of what is in them.

What a machine measures (times, figures, versions) is left out; names, order and kinds are held.
"""

import json
import re
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.golden.conftest import Golden
from tests.golden.names import (
    LESSONS,
    NETWORKS,
    Cell,
    EvaluationStore,
    GridFile,
    GridTask,
    LambdaInit,
    MapTask,
    MovementTask,
    Network,
    PicturesFile,
    PicturesTask,
    Question,
    RescalingTask,
    RunStore,
    SpreadTask,
    SweepSpec,
    SweepStore,
    TrainConfig,
    Trial,
    execute,
    fork,
    pretrained_names,
    read_card,
    write_card,
)

ASKED = Question(
    weights="0" * 64, dataset="digits8", num_images=3, statistics="running", batch_size=128
)
CELL = Cell(
    corruption="fog", severity=2, source="generated, CIFAR-10-C's constants", loss=1.5,
    answers=b"\0\1\2", confidences=b"\xff\x80\0", labels=b"\0\1\1", rule=2,
)  # fmt: skip
NETWORK = Network(
    id="golden", config=TrainConfig(dataset="digits8"), image_shape=(8, 8, 1),
    class_names=tuple("0123456789"), weights=Path("/golden/weights.safetensors"),
    sha256="0" * 64, folder=Path("/golden/grids"),
)  # fmt: skip
WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"stats": "batch", "batch_size": 8, "order": "by label"},
    {"networks": "frozen"},
    {"dataset": "mnist5k", "networks": False},
)
TINY = TrainConfig(
    dataset="digits8", widths=(4,), train_images=128, epochs=1, evals_per_epoch=1, eval_images=20,
    corruptions=("contrast",), lambda_init=LambdaInit(mu=-1.0),
)  # fmt: skip


def test_a_question_keeps_its_key(golden: Golden) -> None:
    changes: list[dict[str, Any]] = [
        {},
        *({name: value} for name, value in {
            "weights": "1" * 64, "dataset": "syn@grey", "num_images": 500, "batch_size": 32,
            "statistics": "test batch of 128", "order": "by label", "classes": "2" * 64,
        }.items()),
        {"order": "3 classes"},
        *({"networks": each} for each in (*NETWORKS, True, False)),
    ]  # fmt: skip
    base = {name: getattr(ASKED, name) for name in ASKED.__slots__}
    lines = [f"{Question(**base | each).key}  {json.dumps(each)}" for each in changes]
    for norm in ("bn", "afn", "asrnorm", "in"):
        config = TrainConfig(dataset="digits8", norm=norm)
        network = Network(
            **{n: getattr(NETWORK, n) for n in NETWORK.__slots__} | {"config": config}
        )
        for asked in WAYS:
            question = network.question(num_images=200, **asked)
            lines.append(f"{question.key}  {norm} {json.dumps(asked)}: {question.statistics}")
    golden("questions.txt", "\n".join([*lines, ""]))


def test_answers_keep_their_files_and_bytes(golden: Golden, tmp_path: Path) -> None:
    GridFile(tmp_path, ASKED).append(CELL)
    [file] = tmp_path.iterdir()
    old = {name: value for name, value in CELL.to_json().items() if name != "rule"}
    assert Cell.from_json(old).rule == 1  # of before there were two
    conditions = (("digits8", None, 0), ("digits8", "fog", 5))
    pictures = PicturesFile(
        folder=Path("/golden/pictures"), dataset="digits8", num_images=200, corruption="fog"
    )
    about: dict[str, Any] = {"network": NETWORK, "question": ASKED}
    measuring = [
        SpreadTask(**about, domains=("digits8", "mnist5k")),
        RescalingTask(**about, conditions=conditions),
        RescalingTask(**about, conditions=conditions[:1]),
        MovementTask(**about, conditions=conditions),
    ]
    mapping = MapTask(**about, place=("fog", 5), beside=((0.5, 0.25),))
    tasks = [*measuring, GridTask(**about, places=((None, 0), ("fog", 5))),
             PicturesTask(file=pictures), mapping]  # fmt: skip
    evaluation = EvaluationStore(tmp_path / "evaluations").create(tasks)
    record = json.loads((evaluation.path / "evaluation.json").read_bytes())
    parts = [
        f"{file.name}\n{file.read_text()}",
        *(f"{task.path}" for task in measuring), f"{pictures.path}", f"{mapping.file.path}",
        f"evaluation.json: {', '.join(record)}",
        *(json.dumps(brief(task)) for task in record["tasks"]),
    ]  # fmt: skip
    golden("answers.txt", "\n".join([*parts, ""]))


def brief(task: dict[str, Any]) -> dict[str, Any]:
    """Without the configuration, of which other tests tell."""
    network = {name: each for name, each in task.get("subject", {}).items() if name != "config"}
    return task | ({"subject": network} if network else {})


def test_a_run_keeps_its_folder(golden: Golden, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    run = store.create(TINY, run_id="golden", name="a name", group="a group")
    for command in ({"command": "set", "lr": 0.2}, {"command": "evaluate", "severity": 5}):
        run.send(command)
    list(execute(run))
    made = fork(store, run, changes={"epochs": 2}, lambda_logits={"mu": 0.5})
    lines = []
    for each in (run, made):
        lines += ["a run" if each is run else "a fork of it"]
        found = sorted(f"  {p.relative_to(each.path)}" for p in each.path.rglob("*"))
        lines += [re.sub(r"-[0-9a-f]{8}\.png", "-CRC32.png", name) for name in found]
    config = json.loads((run.path / "config.json").read_bytes())
    lines += [f"config.json: {json.dumps(config.pop('config'))}", f"  {shape(config)}"]
    record = json.loads((made.path / "config.json").read_bytes())
    lines += [f"  forked_from: {json.dumps(record['forked_from'])}"]
    lines += ["control.jsonl:", (run.path / "control.jsonl").read_text()]
    lines += [f"end.json: {shape(json.loads((run.path / 'end.json').read_bytes()))}"]
    events = map(json.loads, (run.path / "events.jsonl").read_text().splitlines())
    lines += ["events.jsonl:", *dict.fromkeys(f"  {e['kind']}: {shape(e)}" for e in events)]
    weights = run.require_weights().read_bytes()
    head = json.loads(weights[8 : 8 + struct.unpack("<Q", weights[:8])[0]])
    about = head.pop("__metadata__")
    lines += [f"checkpoint: {', '.join(sorted(about))}"]
    lines += [f"  {name} {head[name]['dtype']} {head[name]['shape']}" for name in sorted(head)]
    golden("run.txt", "\n".join([*lines, ""]))


def shape(value: Any) -> str:
    """A record's keys in their order, and the kinds of its values."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {shape(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{' | '.join(dict.fromkeys(map(shape, value)))}]"
    return "number" if type(value) in (int, float) else type(value).__name__


def test_sweeps_and_lessons_keep_their_names(
    golden: Golden, runs: RunStore, tmp_path: Path
) -> None:
    spec = SweepSpec.from_json(
        {
            "name": "norm × λ", "seeds": 2, "base": {"dataset": "digits8", "epochs": 1},
            "axes": {"norm": ["bn", "afn"], "lambda_init": ["paper", {"mu": 0.5}],
                     "lr": {"low": 0.01, "high": 1, "log": True}},
            "samples": 3,
        }
    )  # fmt: skip
    sweep = SweepStore(runs).keep(spec)
    record = json.loads((runs.root / ".sweeps" / f"{sweep.id}.json").read_bytes())
    lines = [f".sweeps/{sweep.id}.json: {', '.join(record)}", json.dumps(record["sweep"])]
    for name, lesson in LESSONS.items():
        trial = Trial(name, lesson.experiment)
        assert trial.precomputed
        lines.append(f"{trial.folder.relative_to(runs.root.absolute())}")
    golden("names.txt", "\n".join([*lines, ""]))


def test_cards_are_written_as_they_were_read(tmp_path: Path) -> None:
    complete = []
    for name in pretrained_names():
        card = read_card(name)
        write_card(replace(card, folder=tmp_path))
        kept = (card.folder / f"{name}.json").read_bytes()
        made = (tmp_path / f"{name}.json").read_bytes()
        assert replace(read_card(name, tmp_path), folder=card.folder) == card
        if json.loads(made) == json.loads(kept):  # else of before it had all that cards have now
            assert made == kept, name
            complete.append(name)
    assert complete
