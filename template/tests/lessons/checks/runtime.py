"""RUN: what runs in Lambda."""
