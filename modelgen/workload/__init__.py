"""What the user provides: project, settings, data, training, checkpoints."""
