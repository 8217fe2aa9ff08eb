-- Videos of PeerTube play on our pages, and its servers cannot be told by the form of an address.

-- What the page said that serves it: `peertube`, or nothing.
ALTER TABLE link_preview ADD COLUMN software TEXT NOT NULL DEFAULT '';
