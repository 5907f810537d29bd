"""imagebot watches container registries and opens pull requests that update a GitOps repository."""

__version__ = "0.1.0"
