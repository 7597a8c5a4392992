"""What the page says of its controls and figures."""

HELP = {
    "models": "Runs that have ended, newest first, and pretrained models. BN and AFN together "
    "show where a gain comes from.",
    "stats": "Whose mean and variance BN and AFN use: running averages of training, the test "
    "batch's, or as configured (BN: running, AFN: test batch). ASRNorm has no choice.",
    "batch_size": "Images in a test batch; small ones make test-batch statistics noisy.",
    "order": "Sorted by class, a batch holds one or two classes, as when a camera films one thing "
    "at a time.",
    "images": "The first so many test images; 500 tell differences of about 4 points.",
    "baseline": "Differences and the mean corruption error are against this model.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "shift": """
The same test images for every model, with the same noise; a percentage is a network's confidence.
*That flip*: some model has them right when clean and wrong here.

The corruptions are those of CIFAR-10-C (Hendrycks & Dietterich 2019), made here at the images' own
size; for CIFAR-10 the published `CIFAR-10-C` archive is used where it lies in the data folder.
Frost has ice of its own instead of the original's photos.
""",
    "steps": """
AFN is usually tested with the statistics of the **test batch**, BN with **running averages**, and
test-batch statistics alone undo much of the harm. So the way from one to the other is walked in
steps:

1. **BN, running**: as BN is normally used.
2. **BN, test batch**: the same weights, the statistics of the test batch.
3. **AFN, networks frozen**: AFN's weights, its encoder-decoders shown the averages of training
   whatever the batch, so that they answer constants.
4. **AFN**: its encoder-decoders see the batch and adapt.

Each gain is over the step before, on the same images, with its paired 95 % interval; one that
includes 0 may be chance. Another seed would move all of them: see several before you conclude.
""",
    "batches": """
Solid: images as they come. Dashed: sorted by class, so that a batch holds few classes (**label
shift**). Thin level lines do not depend on the batch. A last batch that is not full is tested as it
is.
""",
    "classes": """
Clean images, in test batches that hold 1 to 10 classes in equal shares: what differs is the mix
alone.

Statistics of a test batch are those of its classes: a batch of cats alone is moved to where a mixed
batch lies, and what told them from dogs is subtracted. Dashed: AFN with frozen networks; the
distance to the solid line is what their adapting adds or costs. Open diamonds: images sorted by
class, as a plain list is. So test-batch statistics trade one shift for another.
""",
    "grid": """
Hover a cell for its 95 % interval (Wilson's for an accuracy, paired for a difference), the number
of images and their source.

**mCE**, the mean corruption error: for each of the fifteen standard corruptions the errors of a
model over all severities divided by the baseline's, and their mean; below 1 is better than the
baseline. Those marked *extra* do not count in it.

In means over many tests the image is the unit: each has one mean over all tests, and the interval
is over images.
""",
}
"""Of figures and sections, beside their headings."""
