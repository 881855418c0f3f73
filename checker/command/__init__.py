"""The command `interlock`: what may be typed, what comes of all its checks, and what its exit code says."""
