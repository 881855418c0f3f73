"""What the protocols do: models in plain typed Python, and the language they are written in."""
