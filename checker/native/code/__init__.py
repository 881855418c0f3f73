"""How does a part of a model become machine code?  Text of LLVM, one concern a file, and the compiler."""
