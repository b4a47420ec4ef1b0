"""HTTP/2 frame by frame: cases, a strict reader, and the garden (`gateproof garden --http2`)."""
