"""How a layer is cut into jobs."""
