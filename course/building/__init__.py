"""From texts to notebooks, and back."""
