"""Run the command line with `python -m pluggy_sandbox`."""

from pluggy_sandbox.cli import main

if __name__ == "__main__":
    main()
