"""What layers run on."""
