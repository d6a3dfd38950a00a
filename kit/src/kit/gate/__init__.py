"""The gate: reads a service and holds it against every lesson of kit.lessons."""
