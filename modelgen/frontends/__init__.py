"""Import of models from other tools into the compiler's graph."""
