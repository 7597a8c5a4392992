"""What the page of adapting says of its controls and figures."""

HELP = {
    "group": "A BN and an AFN, trained alike on these images.",
    "order": "How the test images come. Sorted by class, a batch holds little else than one class.",
    "severity": "0 leaves all images clean; of a drift it is the worst.",
    "batch_size": "Images that come together.",
    "images": "Length of the stream.",
    "ways": "Who lives on the stream, side by side, each from what was trained.",
    "alpha": "Share of the test batch in the statistics.",
    "prior": "n images count n / (n + N): the more images, the more their own statistics count.",
    "momentum": "Share of each batch in averages that follow the stream.",
    "rate": "Of Adam, which lowers the entropy of the answers. TENT's paper takes 0.001; with more "
    "it falls sooner.",
    "reset": "Puts every network back to what was trained before this batch.",
}
ABOUT = {
    "accuracy": """
Right answers, over the last 100 images at least, in whole batches. Where the
severity changes, a shade tells it. A dashed upright line says what it is: where a network has
fallen (half of the last 100 images are wrongly told to be of one and the same class), or where all
were put back. Sorted by class, a fallen network is right again while the one class that it tells
comes by.

- **BN, as trained**: running averages, whatever comes.
- **BN, test batch**: the batch's own mean and spread.
- **Mix, by batch size, moving averages**: between the two.
- **TENT**: the test batch, and behind each batch one step on γ and β that makes answers surer
  (arXiv 2006.10726). Nobody tells it what is right.
- **AFN**: the test batch, refined by its networks; **frozen**: they see the training's averages.
""",
    "answers": """
Each strip has a row for each class, and a column a batch: the stronger, the more of its images are
told to be of that class. On top is the truth. A network that **collapses** tells one class
whatever comes: a single level line.
""",
    "batch": "The first twenty images of the batch as networks get them, and what each answers.",
    "moves": r"""
- **Entropy** of the answers, in nats: 0 is certain, ln 10 ≈ 2.3 has no idea. TENT lowers it, right
  or wrong.
- **Wrongly one class**: of the last 100 images, the share that is wrongly told to be of one and the
  same class. At a half a network **falls**; whether it gets up again is seen.
- **Means moved**: how far the means that normalize are from training's, in training's σ.
- **γ and β moved**: root mean square; of AFN, γ̂ and β̂ against those that training's averages give.
  AFN's λ stay as they were learned.
""",
    "published": """
The protocol by which papers compare: fifteen corruptions at severity 5, one after the other, in
batches of 200; each network is put back before each of them. Further left is better.

- **±**: 95 %, over trainings and test images; a step is paired, on the same images in the same
  order.
- **Levels are not comparable**: the printed network has some 500 times as many parameters, and
  its images are the published files; ours are corrupted here. What a step is worth is, in kind.
- TENT learns at its paper's rate, 0.001. AFN's networks learn in training; frozen, they see the
  training's averages.

`python -m afn pretrained adapt` measures it again.
""",
}
