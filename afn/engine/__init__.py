"""Training: configuration, events, commands, checkpoints and the loop itself."""
