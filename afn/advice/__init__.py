"""Should somebody's own model use it? Measured on their data, and a recommendation by rules."""
