"""What the page says of its controls and figures."""

HELP = {
    "models": "Runs that have ended, newest first. BN and AFN together show where a "
    "gain comes from. A name and a colour stay with a model in every figure.",
    "stats": "Whose mean and variance BN and AFN use in the test: running averages "
    "from training, those of the test batch, or as each was configured (BN: running, AFN: test "
    "batch). ASRNorm measures each image by itself and has no choice.",
    "batch_size": "Images in a test batch. It matters where statistics come from the test "
    "batch: small ones make them noisy.",
    "order": "Sorted by class, a batch holds one or two classes, as when a camera films "
    "one thing at a time; test-batch statistics then take what is common to the class for the "
    "corruption's doing.",
    "images": "The first so many test images. More give narrower intervals and take "
    "longer; 500 tell differences of about 4 points.",
    "baseline": "Differences and the mean corruption error are against this model.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "shift": """
The same test images for every model, with the same noise. A card shows the image as the networks
get it, its true class, and what each network says, with its confidence (the softmax probability of
its answer). *That flip* are images that some model has right when clean and wrong here; *models
disagree on* are those that some have right and others wrong.

The corruptions are those of CIFAR-10-C (Hendrycks & Dietterich 2019), made here at the images' own
size; where the published `CIFAR-10-C` archive lies in the data folder, it is used for CIFAR-10, and
the caption says so. Frost has ice of its own instead of the original's photos.
""",
    "steps": """
AFN is usually tested with the statistics of the **test batch**, BN with **running averages**. Most
shifts change those statistics, so that test-batch statistics alone undo much of the harm. To be
fair to both, the way from one to the other is walked in steps:

1. **BN, running**: as BN is normally used.
2. **BN, test batch**: the same weights, the statistics of the test batch.
3. **AFN, networks frozen**: the network that was trained with AFN, its encoder-decoders shown the
   averages of training whatever the batch, so that they answer constants.
4. **AFN**: its encoder-decoders see the batch and adapt.

Each gain is over the step before, on the same images, with its paired 95 % interval. An interval
that includes 0 may be chance. Another seed would move all of them a little: see several before
you conclude.
""",
    "batches": """
Accuracy under the corruption chosen above against the number of images in a test batch. Solid:
images as they come. Dashed: sorted by class, so that a batch holds few classes (**label shift**).
Thin level lines do not depend on the batch: running averages, or statistics of each image alone.
A last batch that is not full is tested as it is.
""",
    "classes": """
Clean images, in test batches that hold 1 to 10 classes in equal shares. Every image is asked
about once, and batches are as large for every number of classes: what differs is the mix alone.
Statistics of a test batch are those of its classes, so that a batch of cats alone is moved to where
a mixed batch lies, and what told them from dogs is subtracted. Running averages and statistics of
each image do not see the batch. Dashed: AFN with frozen networks; the distance to the solid line is
what their adapting adds or costs. Open diamonds: images sorted by class, as a plain list is.

So test-batch statistics trade one shift for another: they undo a corruption that the whole batch
has, and pay where classes come in runs, as from a camera that looks at one thing for a while.
""",
    "grid": """
Every corruption at every severity, on the same images for all models. Hover a cell for its 95 %
interval (Wilson's for an accuracy, paired for a difference), the number of images and their source.

**mCE**, the mean corruption error: for each of the fifteen standard corruptions the errors of a
model over all severities divided by the baseline's, and their mean; below 1 is better than the
baseline. Those marked *extra* do not count in it. Nor does anything count that changes none
of the images, as *saturate* does not change grey ones: a line says what is left out.

Means over many tests take the image as the unit: each image has one mean over all tests, and the
interval is over images.
""",
}
"""Of figures and sections, beside their headings."""
