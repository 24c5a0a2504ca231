"""The course: its texts, and the tool that makes notebooks of them and grades what comes back."""
