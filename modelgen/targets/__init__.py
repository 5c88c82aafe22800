"""What layers run on: one package a target."""
