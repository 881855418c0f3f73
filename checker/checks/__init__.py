"""The life of a check: found in a file, run within its options, judged, and told as data."""
