"""Market data of vendors, one module a vendor, read into the engine's own market folder.

`port.py` is what every reader has in common, `source.py` opens a vendor's file, `folder.py` writes
the folder, `formats.py` is the table of formats. docs/market-data.md tells what each can't know.
"""
