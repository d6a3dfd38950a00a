"""A service on this machine: its functions and what is between them, without an AWS account."""
