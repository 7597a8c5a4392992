"""What the page says of its controls and figures."""

HELP = {
    "norm": "The layer. Its formula says what it takes of what is lit: mean, spread or size.",
    "images": "In the batch.",
    "when": "Some norms take at test time what they remember from training.",
    "side": "1×1: a single value is left of each map, as behind global pooling.",
}
ABOUT = {
    "block": """
Each picture is what one channel of one image holds before the first norm layer of a trained
network (**mnist5k-bn**, eight of its sixteen channels): a real batch. Lit are the values that share
a statistic with the one that is followed; mean μ, spread σ and size ν (the root of the mean square)
are those of the values shown. Press another picture to follow it; drag, or use arrow keys, to turn
the block.

The groups of GN, and the ghost batches of ghost BN, are halves here.
""",
}
