"""Train candidate models, judge them on later rows, keep the best and report what was learnt."""

# What other code may use; the rest serves the command line.
__all__ = ["configuration", "pipelines"]
