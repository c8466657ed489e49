"""``python -m dnabilstm`` is the command line."""

from dnabilstm.cli import main

if __name__ == "__main__":
    main()
