"""What the page says of its controls and figures."""

HELP = {
    "subject": "One norm layer by itself, forward and backward; or a whole network for "
    "colour images of 32×32, where convolutions take most of the time and the norm's share is "
    "what you would notice. ConvNet has two blocks of 16 and 32 channels.",
    "over": "What the figures go through from left to right; the other sizes are fixed below. "
    "Networks have their own channels and image size, so only the batch size varies.",
    "channels": "Channels C of the layer's input. The small networks of AFN and ASRNorm grow "
    "with C, the rest of the work with C × height × width.",
    "size": "Height and width of the layer's input. Statistics are taken over them.",
    "batch_size": "Images per step. What a layer does once per step, however many the images "
    "(AFN's small networks, calling each operation), weighs most in small batches.",
    "norms": "Norms beside BN. AFN, ASRNorm and BN are tuned for speed here; IN, GN, LN and "
    "BIN are this library's readable layers, there for context: torch's own are faster.",
    "scale": "Ratio: how many times what BN costs, BN being the line at 1. Each is the median "
    "of the ratios in rounds in which every norm takes its turn, so that a busy machine disturbs "
    "all alike. Absolute: milliseconds and megabytes, both axes logarithmic.",
    "measure": "Runs the same benchmark in a process of its own, on one thread: 30 timed "
    "steps of each norm at every point. What else the machine does meanwhile, training above all, "
    "makes it less exact.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "cost": """
**Training step** and **inference** are times on one CPU thread, memory format channels_last,
medians of alternating steps, each taken right after another of its norm. A network's training step
is forward, loss, backward and SGD; a layer's is forward and backward. "Freed memory kept": the
process does not hand memory back to the system between steps, which would make some steps pay for
getting it anew, by chance.

**Peak memory** is the most that one training step allocates on top of weights and batch, from the
allocator's own log: above all what each layer keeps for its backward pass.

**Statistics at inference**: AFN and BN use running averages here, which makes them one fixed scale
and shift; ASRNorm, IN, GN and LN measure each image, BIN does both. Training always measures.

**MACs** (multiply-accumulates) count the arithmetic of one image at inference: convolutions,
linear layers, one per value for a norm's scale and shift, two for measuring mean and variance, and
ASRNorm's small networks. **Time is not MACs**: a norm does next to no arithmetic, but it reads and
writes every value, so it waits for memory. A convolution does hundreds of MACs with each value that
it reads; a norm does one to three.
""",
}
"""Of figures and sections, beside their headings."""
