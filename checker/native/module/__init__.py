"""One compiled system: its functions, the threads that call them, and the memory they work in."""
