"""One file a kind of import; see moref.imports.table.KindOf."""
