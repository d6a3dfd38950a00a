"""CD: delivery."""
