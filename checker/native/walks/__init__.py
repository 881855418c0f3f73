"""Random walks through compiled code, and what is enabled in one state."""
