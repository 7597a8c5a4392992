import pytest

from afn.corruptions.applying import applicable, has_colour, left_out, left_out_words

PLACES = [
    (None, 0),
    ("saturate", 1),
    ("saturate", 5),
    ("zoom_blur", 1),
    ("zoom_blur", 2),
    ("fog", 1),
]


@pytest.mark.parametrize(
    ("dataset", "shape", "absent"),
    [
        ("mnist5k", (28, 28, 1), {"saturate"}),
        ("mnist5k@rgb", (28, 28, 3), {"saturate"}),  # grey, though shown in three channels
        ("digits8", (8, 8, 1), {"saturate", "zoom_blur"}),
        ("syn", (32, 32, 3), set()),
        ("syn@grey", (32, 32, 1), {"saturate"}),
        ("syn", (32, 32, 1), {"saturate"}),  # as a model for grey images takes it
        ("mnist5k+syn@rgb", (32, 32, 3), set()),
        ("of a caller", (32, 32, 3), set()),
    ],
)
def test_what_changes_no_image_of_a_data_set_is_left_out(dataset, shape, absent):
    left = left_out(PLACES, dataset, shape)
    assert {name for name, _ in left} == absent
    assert applicable(PLACES, dataset, shape) == tuple(p for p in PLACES if p not in left)
    assert ("zoom_blur", 2) not in left


def test_what_is_left_out_is_told_once():
    reasons = left_out(PLACES, "digits8", (8, 8, 1)).values()
    assert left_out_words(reasons) == (
        "saturate needs colour; zoom_blur 1 needs sides above 8: left out"
    )
    assert left_out_words([]) == ""


def test_colour_is_the_data_sets_own():
    assert not has_colour("mnist5k@rgb")
    assert has_colour("mnistm5k")
