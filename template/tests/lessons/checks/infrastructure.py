"""IAC: infrastructure as code."""
