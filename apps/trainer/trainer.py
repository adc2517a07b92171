"""Start the trainer: ``./pants run apps/trainer`` and nothing else calls this."""

from ropewalk.trainer.run import main

if __name__ == "__main__":
    main()
