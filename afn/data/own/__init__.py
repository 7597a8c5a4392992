"""Pictures of people's own, dropped in a browser: read, checked, split, kept beside the runs."""
