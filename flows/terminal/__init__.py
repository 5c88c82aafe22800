"""What tasks print: progress and tables."""
