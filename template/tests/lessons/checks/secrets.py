"""SEC: secrets and configuration."""
