"""What can be set: configurations, starts of λ, commands to a live run, events. Needs no torch."""
