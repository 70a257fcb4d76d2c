"""`python -m bench.collectbench`: see `command`."""

if __name__ == "__main__":
    # Seats import this module again in their own process: nothing hidden may come with it.
    from bench.collectbench.command import main

    main()
