"""What the page of one's own model says."""

from collections import Counter

from afn.own.kept import KeptModel
from afn.wording import count_words, number_words

HELP = {
    "dataset": "Images are brought to the size and channels that the model takes; classes are "
    "matched by name.",
    "stats": "Whose mean and deviation norms use that have the choice: AFN's is the test batch, "
    "BN's the running averages.",
    "norm": "What takes the place of every batch normalization; γ, β and running averages stay.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "layers": """
Every normalization of the model, in its order; the higher, the more channels. **Filled**: can
become AFN or another norm. **Hollow**: stays what it is; point at it to read why. Click one to
look inside.
""",
    "copies": """
The model as it is, and what was made of it, on the same clean images. A conversion keeps γ, β and
running averages; new λ start at the paper's, so that AFN and BN begin alike. IN, GN and LN are
other functions: they need training. **Averages of …** measures running averages anew on training
images; no parameter changes.
""",
}
"""Of sections, beside their headings."""
START = """\
python -m afn serve --model my.py:build
python -m afn serve --model resnet18:weights.safetensors,classes=cifar10
"""
EXAMPLE = """\
# my.py: executed on this server's machine, by whoever starts it; nothing is uploaded
import torch

def build():
    model = MyNet()
    model.load_state_dict(torch.load("weights.pt", weights_only=True))
    return model

build.input = (3, 64, 64)            # channels, height, width; found by trying where left out
build.classes = ["cat", "dog"]       # or a data set's name
build.mean, build.std = 0.5, 0.25    # of images in [0, 1]
"""


def facts(kept: KeptModel) -> str:
    """What is known of it, in a line."""
    height, width, channels = kept.image_shape
    return " · ".join(
        [
            f"{height}×{width}×{channels} images",
            f"{len(kept.class_names):,} classes",
            f"{number_words(kept.parameters / 1e6)} M parameters"
            if kept.parameters >= 1e5
            else count_words(kept.parameters, "parameter"),
            count_words(len(kept.layers), "norm layer"),
        ]
    )


def becoming(kept: KeptModel) -> str:
    """How many of its layers can become AFN, and why the others cannot."""
    if not kept.layers:
        return "It has no normalization layer: there is nothing to convert or to look into."
    able, all_of_it = sum(bool(each.becomes) for each in kept.layers), len(kept.layers)
    if able == all_of_it:
        return f"All {able} can become AFN." if able > 1 else "It can become AFN."
    stay = Counter(f"{each.kind} {each.reason}" for each in kept.layers if not each.becomes)
    reasons = "; ".join(stay)
    if not able:
        return f"None can become AFN: {reasons}."
    return f"{able} of {all_of_it} can become AFN. The others stay: {reasons}."
