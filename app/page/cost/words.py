"""What the page says of its controls and figures."""

HELP = {
    "subject": "One norm layer, forward and backward; or a whole network for colour images of "
    "32×32, where convolutions take most of the time.",
    "over": "What the figures go through from left to right; the other sizes are fixed below.",
    "channels": "The small networks of AFN and ASRNorm grow with C, the rest of the work with C × "
    "height × width.",
    "size": "Height and width of the layer's input.",
    "batch_size": "What a layer does once per step, however many the images, weighs most in small "
    "batches.",
    "norms": "AFN, ASRNorm and BN are tuned for speed here; the others are readable layers, there "
    "for context: torch's own are faster, where there are any.",
    "scale": "Ratio: the median of ratios in rounds in which every norm takes its turn, so that a "
    "busy machine disturbs all alike. Absolute: both axes logarithmic.",
    "measure": "The same benchmark in a process of its own, on one thread: 30 timed steps of each "
    "norm at every point. What else the machine does makes it less exact.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "cost": """
**Training step** and **inference** are times on one CPU thread, memory format channels_last,
medians of alternating steps, each taken right after another of its norm; the process keeps freed
memory, since getting it anew would make some steps pay by chance. A network's step is forward,
loss, backward and SGD; a layer's is forward and backward.

**Peak memory** is the most that one training step allocates on top of weights and batch.

**Statistics at inference**: AFN and BN use running averages here, which makes them one fixed scale
and shift; ASRNorm, IN, GN, LN, FRN and EvoNorm-S0 measure each image, BIN, SN and EvoNorm-B0 do
both; DyT measures nothing.

**MACs** (multiply-accumulates) count the arithmetic of one image at inference. **Time is not
MACs**: a norm does next to no arithmetic, but it reads and writes every value, so it waits for
memory.
""",
    "yours": """
Answers of the models that this app was started with, and of what was made of them on **Your
model**, beside our networks with BN for images of the same size: medians of alternating answers on
one CPU thread, and the peak of memory for 32 images. Bars are parts of each column's largest.
""",
}
"""Of figures and sections, beside their headings."""
