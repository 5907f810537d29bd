"""`python -m imagebot`."""

from imagebot.cli.main import run

if __name__ == "__main__":
    run()
