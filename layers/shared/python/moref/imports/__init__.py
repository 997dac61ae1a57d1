"""Files that staff bring: what another system or a spreadsheet knew, checked first, then brought in by slices."""
