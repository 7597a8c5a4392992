from dataclasses import replace

from afn.ask.records import Cell, Question
from afn.pretrained.plan import PLAN
from afn.pretrained.results import COLUMNS, FILE, Accuracy, answered, read_results, update_results
from afn.settings.corruptions import RULE

QUESTION = Question(
    weights="ab", dataset="usps", num_images=4, statistics="running", batch_size=128
)
CELL = Cell(
    corruption=None,
    severity=0,
    source="clean",
    loss=0.5,
    answers=b"\0\1\2\0",
    labels=b"\0\1\2\3",
    confidences=bytes(4),
)
CLEAN = Accuracy.of(QUESTION, CELL)
FOGGY = Accuracy.of(
    replace(QUESTION, networks=False), replace(CELL, corruption="fog", severity=3, rule=RULE)
)


def test_a_row_says_who_was_asked_what(tmp_path):
    update_results(tmp_path, PLAN["mnist-rgb-afn-s1"], [FOGGY])
    [row] = read_results(tmp_path)
    spec = PLAN["mnist-rgb-afn-s1"]
    assert row == {
        "model": spec.name, "config": spec.config.hash(), "group": "digits", "norm": "afn",
        "seed": "1", "setting": "channels increased", "train_data": "mnist@rgb",
        "test_data": "usps", "corruption": "fog", "severity": "3", "statistics": "running",
        "batch_size": "128", "networks": "off", "n": "4", "correct": "3", "accuracy": "0.75",
        "rule": f"{RULE}",
    }  # fmt: skip
    assert tuple(row) == COLUMNS


def test_models_stand_in_the_plans_order_and_are_replaced_whole(tmp_path):
    for name in ("cifar10-bn-s1", "mnist5k-bn", "cifar10-bn"):
        update_results(tmp_path, PLAN[name], [CLEAN, FOGGY])
    update_results(tmp_path, PLAN["mnist5k-bn"], [FOGGY, CLEAN])
    table = [(row["model"], row["corruption"]) for row in read_results(tmp_path)]
    assert table == [
        ("mnist5k-bn", "fog"), ("mnist5k-bn", "clean"), ("cifar10-bn", "clean"),
        ("cifar10-bn", "fog"), ("cifar10-bn-s1", "clean"), ("cifar10-bn-s1", "fog"),
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    names = ("cifar10-bn-s1", "mnist5k-bn", "cifar10-bn")
    assert answered(tmp_path) == {(name, PLAN[name].config.hash()) for name in names}
    assert answered(tmp_path / "nowhere") == set()


def test_rows_of_before_there_were_two_rules_are_of_the_first(tmp_path):
    update_results(tmp_path, PLAN["mnist5k-bn"], [FOGGY, CLEAN])
    lines = (tmp_path / FILE).read_text().splitlines()
    (tmp_path / FILE).write_text("".join(line.rpartition(",")[0] + "\n" for line in lines))
    assert [row["rule"] for row in read_results(tmp_path)] == ["1", ""]
    update_results(tmp_path, PLAN["cifar10-bn"], [FOGGY])
    assert [row["rule"] for row in read_results(tmp_path)] == ["1", "", f"{RULE}"]


def test_without_a_table_there_are_no_rows(tmp_path):
    assert read_results(tmp_path) == []
