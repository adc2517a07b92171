"""What the two commands do, step by step."""
