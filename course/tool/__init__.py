"""What `python -m course …` runs."""
