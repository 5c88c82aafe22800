"""The build engine: stages, their inputs, and when one runs again."""
