"""A comparison as a room: what each phone trains, and what the class's networks say."""

import pytest

from app.kit import backend
from app.kit.room.room import Room, RoomError
from app.kit.room.training import ClassNetworks, PhoneNetwork, told
from app.page.playground import room as comparisons

LINK = "c=afn&c=bn&data=digits8&corruptions=contrast&sev=5"


def test_two_phones_share_a_seed_and_have_a_contender_each():
    configs = [comparisons.part_of(LINK, number).config for number in range(4)]
    assert [(config.norm, config.seed) for config in configs] == [
        ("afn", 0), ("bn", 0), ("afn", 1), ("bn", 1)
    ]  # fmt: skip
    assert {config.corruptions for config in configs} == {("contrast",)}


@pytest.mark.parametrize("link", ["c=afn", "c=nothing", "epochs=many"])
def test_what_is_no_comparison_is_no_room(link):
    with pytest.raises(ValueError, match=r"."):
        comparisons.script_of(link)


@pytest.mark.parametrize(
    ("scores", "right"),
    [
        ([(0.9, 0.8), (0.9, 0.81)], None),  # two pairs are no evidence
        ([(0.9, 0.8), (0.91, 0.8), (0.92, 0.83)], 0),
        ([(0.8, 0.9), (0.8, 0.91), (0.83, 0.92)], 1),
        ([(0.9, 0.8), (0.8, 0.9), (0.85, 0.86)], 2),
    ],
)
def test_the_verdict_is_over_pairs_of_one_seed(scores, right):
    networks = [
        PhoneNetwork(
            number=number, part=comparisons.part_of(LINK, number), share=1.0, is_over=True,
            accuracy=100 * score,
        )
        for number, score in enumerate(score for pair in scores for score in pair)
    ]  # fmt: skip
    found = comparisons.finding(LINK, False, networks)
    assert found.right == right
    assert f"{2 * len(scores)} of {2 * len(scores)}" in found.told
    assert (right is None) == (found.answer == "")


def test_a_phone_trains_once_and_only_when_it_is_time(runs, tmp_path):
    room, teacher = Room.open(tmp_path / "K7QP.jsonl", "secret", comparisons.script_of(LINK))
    phones = [room.join(), room.join()]
    started = []

    def start(number):
        config = comparisons.part_of(LINK, number).config
        started.append(backend.store().create(config, name=f"phone {number}").id)
        return started[-1]

    with pytest.raises(RoomError, match="nothing is trained now"):
        room.train(phones[0], start)
    room.go(teacher, [step.kind for step in room.steps].index("train"))
    assert [room.train(phone, start) for phone in (*phones, phones[0])] == [0, 1, 0]
    assert Room(room.path, "secret").trained == room.trained
    with pytest.raises(RoomError, match="not in the room"):
        room.train("x", start)
    reads = ClassNetworks(lambda number, _: comparisons.part_of(LINK, number))
    dots = told(reads.read(list(room.trained.values())))["dots"]
    assert [(dot["number"], dot["contender"], dot["seed"], dot["accuracy"]) for dot in dots] == [
        (0, 0, 0, None), (1, 1, 0, None)
    ]  # fmt: skip
    assert len(started) == 2
