"""Start the predictor: ``./pants run apps/predictor`` and nothing else calls this."""

from ropewalk.predictor.run import main

if __name__ == "__main__":
    main()
