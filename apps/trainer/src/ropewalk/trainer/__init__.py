"""Train candidate models, judge them on later rows, keep the best and report what was learnt."""
