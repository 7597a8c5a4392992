"""Recipes: which networks of a matrix belong together."""

from dataclasses import replace

from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit
from app.kit.offers import recipe_of, recipe_words
from app.page.domains import view as domains

TINY = TrainConfig(widths=(2,), epochs=2, batch_size=8, eval_images=20, corruptions=())


def test_a_recipe_is_all_that_changes_the_weights_but_norm_and_data():
    for change in (
        {"norm": "bn"}, {"dataset": "syn@grey"}, {"eval_images": 7}, {"severity": 5},
        {"corruptions": ()}, {"eval_stats": "running"}, {"max_seconds": 60.0},
    ):  # fmt: skip
        assert recipe_of(replace(TINY, **change)) == recipe_of(TINY), change
    others = [
        replace(TINY, **change)
        for change in (
            {"seed": 1}, {"epochs": 3}, {"max_steps": 5}, {"stat_dropout": 0.3},
            {"adaptive": False}, {"lr_schedule": "cosine"}, {"weight_decay": 0.1},
            {"augment": "crop_flip"},
            {"lambda_init": LambdaInit.OFF}, {"lambda_init": LambdaInit(mu=0.5)},
        )
    ]  # fmt: skip
    assert len({recipe_of(config).hash() for config in [TINY, *others]}) == 1 + len(others)
    words = {recipe_words(recipe_of(config)) for config in [TINY, *others]}
    assert len(words) == 1 + len(others)


def test_recipes_in_words():
    assert recipe_words(domains.default_recipe("digits")) == (
        "convnet 16-32, 3 epochs, batch 64, lr 0.05, seed 0"
    )
    assert recipe_words(TrainConfig(backbone="resnet8", epochs=1, lambda_lr_factor=10)) == (
        "resnet8, 1 epoch, batch 64, lr 0.05, seed 0, λ lr ×10"
    )
