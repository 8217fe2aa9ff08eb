"""Files in which other blogs are kept: read as a stream, as values that name no program.

`reading.read` knows which program wrote a file; `ttxml`, `tistory`, `wxr` and `feeds` know their
shapes, `stream` is the only reader of XML, and `unpacking` of zips. Nothing here knows the
database, the network or the time.
"""
