"""The scalar form in Z3: the only package that imports it."""
