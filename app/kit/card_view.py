"""What stands behind a figure, one tap away: a pretrained model's card."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from afn.pretrained.cards import Card
from afn.settings.config import TrainConfig
from afn.settings.norms import NORM_TITLES
from afn.wording import count_words, duration_words

from .markdown import plain
from .plot import csv_button
from .take.code import config_code

_SAID = (
    "norm", "backbone", "dataset", "seed", "eval_stats", "epochs", "batch_size", "lr",
    "lr_schedule", "momentum",
)  # fmt: skip
"""Settings that the card tells of every model."""


def cards(shown: Sequence[Card], *, key: str) -> None:
    """A button for each model that opens its card; nothing for none."""
    if not shown:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.badge("precomputed", icon=":material/inventory_2:", color="gray")
        for card in shown:
            popover = st.popover(
                card.name, icon=":material/badge:", type="tertiary", key=f"{key}.card.{card.name}",
                help="The card of this pretrained model", on_change="rerun",
            )  # fmt: skip
            if popover.open:
                with popover:
                    card_details(card)


def card_details(card: Card) -> None:
    """The whole card."""
    config = card.config
    height, width, channels = card.inputs.image_shape
    facts = {
        "norm": NORM_TITLES[config.norm],
        "network": f"{config.backbone}, {card.num_parameters:,} parameters",
        "images": f"{height}×{width}×{channels}, {len(card.inputs.class_names)} classes",
        "seed": f"{config.seed}",
        "training": f"{count_words(card.steps, 'step')} in {duration_words(card.seconds)}",
        "settings": _settings(config),
        "channels": card.setting.removeprefix("channels "),
        "made with": ", ".join(f"{name} {version}" for name, version in card.versions.items()),
        "weights": f"SHA-256 {card.sha256['weights'][:16]}…",
    }
    st.markdown(f"**{plain(card.name)}**, a pretrained model")
    st.markdown(
        "  \n".join(f":gray[{name}] {plain(value)}" for name, value in facts.items() if value)
    )
    st.markdown("**Data**, with the checksum of the images and labels used")
    trained, tested = card.trained_on, card.tested_on
    st.dataframe(
        [
            {"data": each.name, "for": use, "images": count, "SHA-256": each.sha256}
            for each, use, count in (
                (trained, "training", trained.num_train),
                *((each, "tests", each.num_test) for each in tested),
            )
        ],
        hide_index=True, height="content",
    )  # fmt: skip
    st.markdown("**Accuracies**, clean images first")
    rows = [asdict(each) for each in card.accuracies]
    rows.sort(key=lambda row: row["corruption"] != "clean")
    st.dataframe(
        rows, hide_index=True, height=240,
        column_config={"accuracy": st.column_config.NumberColumn(format="percent")},
    )  # fmt: skip
    csv_button("Accuracies (CSV)", lambda: rows, card.name)
    st.caption("Its configuration as Python")
    st.code(config_code(config), language="python", wrap_lines=True)


def _settings(config: TrainConfig) -> str:
    parts = [
        count_words(config.epochs, "epoch"),
        f"batch {config.batch_size}",
        f"lr {config.lr:g} ({config.lr_schedule})",
        f"momentum {config.momentum:g}",
    ]
    return ", ".join([*parts, *config.told(*_SAID)])
