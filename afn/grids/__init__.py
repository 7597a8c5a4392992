"""Accuracy over corruptions and severities: `measure` makes the cells, `records` keeps them."""
