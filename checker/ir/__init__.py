"""The typed intermediate representation: one meaning, read by every engine."""
