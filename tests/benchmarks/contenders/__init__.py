"""The tools that are timed, one a file; each says whether it is installed, builds a search and runs it."""
