"""What the page says of its controls and figures."""

HELP = {
    "setting": "A network takes grey or coloured images. The paper's two ways: channels reduced "
    "(all in grey) or increased (grey repeated as RGB).",
    "how": "One domain trains and the others test, or all but one train and that one tests.",
    "contenders": "BN with the test batch is the fair rival of AFN: what it gains needs no "
    "networks. Networks frozen: shown the averages of training, they answer constants. Off: every "
    "λ forced to 0.",
    "images": "The first so many test images of each domain, or all where it has fewer.",
    "batch_size": "Test images of one domain that are normalized together; small ones make "
    "test-batch statistics noisy.",
    "recipe": "How the networks were trained. Each needs one for every norm and training domain.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "matrix": """
Rows: what a network was trained on. Columns: what it is tested on, brought to the channels and the
size that it takes. Framed cells are domains that it was trained on; they do not count in the mean.
Differences are on the same images, bold where the paired 95 % interval excludes 0, faded where it
may be chance.

**What to look for.** AFN is tested with the statistics of the **test batch**, BN with **running
averages** of its training domain, which fit no other. BN can take the test batch's too: *minus BN,
test batch* shows what AFN gives beyond it. *AFN, networks frozen* splits that again: AFN's weights
with networks that answer constants. *Networks off*, every λ forced to 0, also takes away what the
weights got used to.

One network of one seed stands behind each cell: intervals say what other test images could change,
not what another training could.
""",
    "yours": """
The models that this app was started with, and what was made of them on **Your model**. Only images
of classes that a model has are counted. What it was trained on nobody knows here, so no cell is
framed and there is no mean. **Your data** stand beside the domains where their classes fit.
""",
    "layers": """
The same images of every domain go through a network, in test batches of one domain. The **shift**
is how far the domains' average statistics lie from their common mean, in units of the pixels'
deviation: at 0 the domains look alike to the layers behind.

BN with running averages scales and shifts all images alike and leaves the shift as it is.
Statistics of the test batch take most of it away, those of each image nearly all.

Below, one layer: each dot is an image, in the plane in which images differ most; then each
channel's mean and deviation per domain.
""",
}
"""Of figures and sections, beside their headings."""
