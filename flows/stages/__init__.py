"""The build engine: stages, what each is made from, and when one runs again."""
