"""What the IR means (`evaluate`), and how its values lie in memory (`layout`)."""
