"""What each command of the trainer does, step by step."""
