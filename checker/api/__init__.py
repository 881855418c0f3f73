"""What may be asked of Interlock, as data: the room that `interlock.api` and the command both speak to."""
