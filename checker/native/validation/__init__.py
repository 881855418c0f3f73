"""Does compiled code say what the text means?  One state at a time (ADR 13)."""
