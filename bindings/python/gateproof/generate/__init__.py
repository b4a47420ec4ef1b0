"""Random configurations and requests: the engine and real Traefik must agree on each.

`grammar` reads what they are made of (`data/grammar.yaml`), `pairs` draws them, `judge` is one real
Traefik process that serves many configurations at once, `compare` runs and judges pairs, `shrink`
makes a disagreement small, `as_case` writes it down as a parity case, `hunt` does all of it.
"""
