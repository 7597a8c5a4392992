"""What the page says of its figures."""

ABOUT = {
    "gain": """
Points of accuracy above the model **as it is**, which was fine-tuned as long, on the same images in
the same order. A dot is the mean over seeds, a small one a seed; whiskers are the 95 % interval,
over seeds and test images. What crosses 0 is not shown.
""",
    "batches": """
The same clean images, asked in smaller batches: the share that gets **another answer** than in the
largest batch. Whoever normalizes by the test batch depends on who else is in it.
""",
    "ways": """
Before: the weights as they are. After: the mean over seeds, fine-tuned. Times on one thread; the
peak is memory for 32 images.
""",
    "real": """
Of trainings that were anybody's: a column `seed` and one for each method; or
`seed,method,value`. The first method is what the others are held against, seed by seed. There is a
verdict from three seeds on, where the 95 % interval of the paired differences excludes 0.
""",
}
"""Of figures, beside their headings."""
