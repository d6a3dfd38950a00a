"""IAM: identity and access."""
