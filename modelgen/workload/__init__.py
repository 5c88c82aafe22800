"""What a user brings: project, settings, data, training, checkpoints."""
