"""HTTP/1.1 at the level of bytes: cases, a strict second reader, and real proxies beside us."""
