"""HTTP in, HTTP out, and the composition root."""
