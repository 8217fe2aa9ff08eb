"""One module for each command of `madang`; `web.cli` finds them."""
