"""Where are the states of a search kept?  In memory or on disk, and saved from one run to the next."""
