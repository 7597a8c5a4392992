"""What a page says of itself: in its order, in place of what it said before, made when wanted."""

import numpy as np

from afn.settings.config import TrainConfig
from app.kit.handout.button import document_of
from app.kit.handout.parts import Heading, Piece, Records, Words
from app.kit.handout.screen import Screen


def words(*texts: str) -> list[Piece]:
    return [Words(markdown=text) for text in texts]


def test_a_part_that_is_drawn_again_takes_its_own_place():
    screen = Screen()
    screen.begin("λ")
    screen.say(*words("first"))
    place = screen.place()
    screen.say(*words("last"))
    for texts in (("a", "b"), ("c",)):
        with screen.within(place):
            for part in words(*texts):
                screen.say(part)
    assert screen.parts() == words("first", "c", "last")


def test_a_part_that_ends_early_leaves_the_rest_where_it_was():
    screen = Screen()
    screen.begin("λ")
    place = screen.place()
    try:
        with screen.within(place):
            screen.say(*words("inner"))
            raise KeyError
    except KeyError:
        screen.say(*words("outer"))
    assert screen.parts() == words("inner", "outer")


def test_another_page_begins_anew():
    screen = Screen()
    screen.begin("λ")
    screen.say(*words("old"))
    screen.stands_for("One", {"a": "1"}, list)
    screen.begin("Cost")
    assert screen.is_empty
    assert (screen.title, screen.query, screen.configs) == ("Cost", None, {})


def test_what_stands_for_the_page_is_made_when_it_is_wanted():
    screen, asked = Screen(), []

    def parts() -> list[Piece]:
        asked.append(1)
        return words("whole")

    screen.begin("Lessons")
    screen.say(*words("drawn"))
    screen.stands_for("The hidden hero", {"lesson": "hidden-hero"}, parts)
    assert not screen.is_empty
    assert not asked
    assert screen.parts() == words("whole")


def test_settings_are_said_as_the_app_says_numbers():
    screen = Screen()
    screen.begin("Playground")
    screen.say(*words("x"))
    screen.configs = {
        "AFN": TrainConfig(max_steps=1_000_000, lr=float(np.float32(0.01)), seed=2026),
        "BN": TrainConfig(norm="bn", adaptive=False),
    }
    *_, heading, table = document_of(screen, "http://h/?lr=0.01").parts
    assert isinstance(heading, Heading)
    assert isinstance(table, Records)
    told = {row["setting"]: row["AFN"] for row in table.rows}
    assert told["Most steps"] == "1,000,000"
    assert told["Learning rate"] == "0.01"
    assert told["Seed"] == "2026"
    assert told["Encoder-decoder"] == "on"
