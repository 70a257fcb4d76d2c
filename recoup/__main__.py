"""`python -m recoup`: the command line, as `recoup`."""

from recoup.commands import main

if __name__ == "__main__":
    main()
