"""docmill mills documents into data. This package holds all domain logic; Prefect and Dask stay outside (the command line aside)."""

__version__ = "0.1.0"
