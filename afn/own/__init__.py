"""Models of one's own, whoever wrote them: named, built, tried, and kept for the app."""
