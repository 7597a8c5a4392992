"""What the page says of its controls and figures."""

HELP = {
    "setting": "Some domains are grey, others coloured; a network takes one kind. The "
    "paper's two ways: channels reduced (all in grey) or increased (grey repeated as RGB).",
    "how": "One domain trains and the others test, or all but one train and that one "
    "tests. A framed cell is a domain that the network has seen in training.",
    "contenders": "BN and AFN can take running averages or the statistics of the test "
    "batch. BN with the test batch is the fair rival of AFN: what it gains needs no networks. "
    "Networks frozen: AFN's weights, its networks shown the averages of training, so that they "
    "answer constants. Off: every λ forced to 0.",
    "images": "The first so many test images of each domain, or all where it has fewer; "
    "the same for every network. More of them make the intervals narrower.",
    "batch_size": "Test images of one domain that are normalized together. It matters to norms "
    "that take statistics from the test batch: small ones make them noisy.",
    "recipe": "How the networks were trained. Each needs one for every norm and training domain.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "matrix": """
Rows: what a network was trained on. Columns: what it is tested on, brought to the channels and the
size that it takes. Framed cells are domains that it was trained on; they do not count in the mean
at the right, which is over domains never seen. *Minus BN* shows differences in percentage points on
the same images, bold where the paired 95 % interval excludes 0, faded where it may be chance.

**What to look for.** AFN is tested with the statistics of the **test batch**, BN with **running
averages** of its training domain, which fit no other domain. BN can take the test batch's too, with
the same weights: *BN, test batch*. So the way from BN to AFN has two parts, what the test batch
gives and what AFN gives beyond it; *minus BN, test batch* shows the second. *AFN, networks frozen*
splits that again: AFN's weights with networks that answer constants, and with networks that adapt.
*Networks off*, every λ forced to 0, also takes away what the weights got used to.

One network of one seed stands behind each cell: intervals say what other test images could change,
not what another training could.
""",
    "layers": """
The same images of every domain go through a network, in test batches of one domain. Of each image
a norm layer gets channels with a mean and a standard deviation over the picture. The **shift** is
how far the domains' average statistics lie from their common mean, in units of the pixels'
deviation: 0 means the domains look alike to the layers behind, 1 that they differ by as much as
the pixels of one image do.

BN with running averages scales and shifts all images alike and leaves the shift as it is.
Statistics of the test batch (one domain at a time) take most of it away, those of each image nearly
all.

Below, one layer: each dot is an image, in the plane in which images differ most, the same unit
before and after; then each channel's mean and deviation per domain.
""",
}
"""Of figures and sections, beside their headings."""
