"""What needs a GPU: `python -m tests.gpu` runs it all and adds a dated entry to LOG.md."""
