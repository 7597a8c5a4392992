import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from afn import corruption_grid, domain_matrix
from afn.ask.crossing import Crossing
from afn.ask.domains import Row
from afn.ask.measure import kept_grid
from afn.ask.records import GridFile, Question
from afn.data import ImageData
from afn.stats.intervals import paired_interval, wilson_interval

CLASSES = ("dark", "middle", "bright")
LABELS = np.array([2, 0, 1, 0, 2, 1, 1, 0])


def domain(name, side, colour, classes=CLASSES):
    """Squares of one colour (red, green, blue shares, or one of grey), by class as bright."""
    shares = np.array(colour)
    levels = (60 + 50 * LABELS)[:, None, None, None] * np.ones((1, side, side, 1)) * shares
    images = levels.astype(np.uint8)
    return ImageData(
        name=name, x_train=images[:1], y_train=LABELS[:1], x_test=images, y_test=LABELS,
        class_names=classes,
    )  # fmt: skip


GREY, RED = domain("grey", 8, [1.0]), domain("red", 12, [1.0, 0.5, 0.5])


class Eye:
    """A model that tells classes by brightness, and what it was shown."""

    def __init__(self):
        self.seen = []

    def __call__(self, images):
        self.seen.append(tuple(images.shape))
        levels = torch.tensor([60.0, 110.0, 160.0]) / 255
        return -100 * (images.mean((1, 2, 3))[:, None] - levels).abs()


def row(model=None, shape=(8, 8, 1), **changes):
    given = {"class_names": CLASSES, "statistics": "running", **changes}
    return Row(model=model or Eye(), image_shape=shape, **given)


def test_cells_come_one_by_one_domain_by_domain():
    rows = {"narrow": row(), "wide": row(shape=(10, 10, 3))}
    matrix = domain_matrix(rows, [GREY, RED], num_images=8, batch_size=4)
    first = next(matrix)
    assert rows["narrow"].model.seen == [(4, 1, 8, 8)] * 2
    assert rows["wide"].model.seen == []
    cells = [first, *matrix]
    assert [(cell.model, cell.question.dataset) for cell in cells] == [
        ("narrow", "grey"), ("wide", "grey"), ("narrow", "red"), ("wide", "red"),
    ]  # fmt: skip
    assert set(rows["wide"].model.seen) == {(4, 3, 10, 10)}


def test_every_cell_says_what_was_asked_and_what_was_seen():
    rows = {"narrow": row(), "wide": row(shape=(8, 8, 3))}
    native, repeated, reduced, resized = domain_matrix(
        rows, [GREY, RED], num_images=100, batch_size=3, order="by label"
    )
    assert native.question == Question(
        weights="", dataset="grey", num_images=100, statistics="running", batch_size=3,
        order="by label",
    )  # fmt: skip
    assert native.cell.labels == bytes(LABELS.tolist())
    assert [each.cell.source for each in (native, repeated, reduced, resized)] == [
        "clean", "clean, grey as RGB", "clean, in grey, 12×12 as 8×8", "clean, 12×12 as 8×8",
    ]  # fmt: skip
    assert (native.cell.accuracy, repeated.cell.accuracy) == (1.0, 1.0)
    assert native.cell.interval == wilson_interval(8, 8)
    assert reduced.cell.accuracy < 1  # a red is darker than it looks


def test_the_diagonal_is_the_clean_cell_of_the_corruption_grid():
    [crossing] = domain_matrix({"it": row()}, [GREY], num_images=6)
    [cell] = corruption_grid(Eye(), GREY, num_images=6, corruptions=(), severities=())
    assert crossing.cell == cell


def test_gains_are_paired_and_need_one_domain():
    rows = {"ours": row(), "theirs": row(lambda images: Eye()(0.7 * images))}
    ours, theirs, elsewhere, _ = domain_matrix(rows, [GREY, replace(GREY, name="b")], num_images=8)
    gain, low, high = ours.gain_over(theirs)
    assert gain == ours.cell.accuracy - theirs.cell.accuracy > 0
    assert (low, high) == paired_interval(ours.cell.hits, theirs.cell.hits)
    with pytest.raises(ValueError, match="same images, got those of grey and b"):
        ours.gain_over(elsewhere)


def test_a_crossing_survives_its_record():
    [crossing] = domain_matrix({"it": row(weights="ab")}, [RED], num_images=8)
    record = json.loads(json.dumps(crossing.to_json()))
    assert (record["model"], record["dataset"], record["statistics"]) == ("it", "red", "running")
    assert Crossing.from_json(record) == crossing
    with pytest.raises(ValueError, match="not a place in a domain matrix: no 'model'"):
        Crossing.from_json({name: value for name, value in record.items() if name != "model"})


def test_what_a_folder_holds_is_not_computed_again(tmp_path):
    rows = {
        name: row(weights=name, folder=tmp_path / name, shape=(8, 8, channels))
        for name, channels in (("narrow", 1), ("wide", 3))
    }
    begun = domain_matrix(rows, [GREY, RED], num_images=8)
    first = next(begun)
    begun.close()  # stopped
    whole = list(domain_matrix(rows, [GREY, RED], num_images=8))
    assert whole[0] == first
    assert [len(each.model.seen) for each in rows.values()] == [2, 2]
    assert list(domain_matrix(rows, [GREY, RED], num_images=8)) == whole
    assert [len(each.model.seen) for each in rows.values()] == [2, 2]
    list(domain_matrix(rows, [GREY], num_images=7))
    assert [len(each.model.seen) for each in rows.values()] == [3, 3]


def test_kept_cells_are_shared_with_the_corruption_grid(tmp_path):
    known = row(weights="ab", folder=tmp_path)
    [crossing] = domain_matrix({"it": known}, [GREY], num_images=8)
    file = GridFile(tmp_path, crossing.question)
    [clean] = kept_grid(file, None, GREY, corruptions=(), severities=())
    assert clean == crossing.cell


def test_to_keep_cells_the_weights_must_be_known(tmp_path):
    with pytest.raises(ValueError, match="give it with the folder"):
        row(folder=tmp_path)


@pytest.mark.parametrize(
    ("domains", "options", "words"),
    [
        ([GREY, GREY], {}, "a name of its own, got grey, grey"),
        (
            [GREY, domain("x", 8, [1], "abcde")],
            {},
            r"common: x \(a, b, c and 2 more\) and the netw",
        ),
        ([GREY], {"num_images": 0}, "must be at least 1, got 0"),
        ([GREY], {"order": "by size"}, "order must be one of mixed, by label, 1 class"),
    ],
)
def test_bad_questions_are_one_line(domains, options, words):
    with pytest.raises(ValueError, match=words):
        list(domain_matrix({"it": row()}, domains, **{"num_images": 8, **options}))


def test_classes_are_found_by_their_names_not_their_numbers():
    """The same images with the classes listed backwards: every answer stays right."""
    turned = replace(
        GREY, name="turned", y_train=2 - GREY.y_train, y_test=2 - LABELS,
        class_names=CLASSES[::-1],
    )  # fmt: skip
    straight, backwards = domain_matrix({"it": row()}, [GREY, turned], num_images=8)
    assert straight.cell.accuracy == backwards.cell.accuracy == 1
    assert backwards.cell.loss == straight.cell.loss
    assert backwards.cell.labels == bytes((2 - LABELS).tolist())  # as its own files number them
    assert (straight.question.classes, len(backwards.question.classes)) == ("", 64)


def test_images_of_unknown_classes_are_left_out_and_told():
    others = domain("others", 8, [1.0], ("dark", "green", "bright"))  # three images of green
    [crossing] = domain_matrix({"it": row()}, [others], num_images=8)
    assert (crossing.cell.n, crossing.cell.accuracy) == (5, 1.0)
    assert crossing.cell.left_out == "3 images of unknown classes left out (green)"
    assert crossing.cell.source == f"clean, {crossing.cell.left_out}"
    few = replace(others, x_test=others.x_test[5:6], y_test=LABELS[5:6])
    with pytest.raises(ValueError, match="the class of none of the 1 images of others, got green"):
        list(domain_matrix({"it": row()}, [few], num_images=8))


def test_an_answer_that_the_domain_does_not_know_is_wrong_and_keeps_its_name():
    two = domain("two", 8, [0.1], ("middle", "bright", "dim"))  # all nearly black
    [crossing] = domain_matrix({"it": row()}, [two], num_images=8)
    assert crossing.cell.accuracy == 0
    assert set(crossing.cell.answers) == {3}  # the first behind its own: dark
    assert crossing.cell.left_out == "2 images of unknown classes left out (dim)"


def test_models_of_other_class_orders_are_paired_image_by_image():
    turned = row(lambda images: Eye()(images).flip(1), class_names=CLASSES[::-1])
    ours, theirs = domain_matrix({"ours": row(), "theirs": turned}, [GREY], num_images=8)
    assert ours.cell.answers == theirs.cell.answers
    assert ours.gain_over(theirs)[0] == 0


def test_a_model_needs_a_logit_for_each_class():
    with pytest.raises(ValueError, match=r"a logit for each of the 2 classes of grey, got \(3,\)"):
        list(domain_matrix({"it": row(class_names=CLASSES[:2])}, [GREY], num_images=8))


def test_records_need_no_torch():
    check = "import afn.ask.crossing, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True)
