"""Where events go: sinks that read what the pass tells them and change nothing."""
