"""The operator's desk: `python -m infra.ops --help`."""
