"""Paths as people read them: replayed in plain Python first, then shown, saved and read back."""
