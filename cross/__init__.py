"""Building for other machines, and emulating them."""
