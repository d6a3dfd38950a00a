"""DEP: dependencies and the local environment."""
