"""Start the models' command line: ``./pants run libs/models`` and nothing else calls this."""

from ropewalk.models.run import main

if __name__ == "__main__":
    main()
