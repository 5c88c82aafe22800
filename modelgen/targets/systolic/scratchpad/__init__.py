"""Contents and layout of the activation buffer."""
