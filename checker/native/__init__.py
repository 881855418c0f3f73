"""The scalar form as machine code: `code` it is made of, the `kernel` around that, one compiled `module`, where states
are kept (`store`), random `walks`, and whether all that says what the text means (`validation`)."""
