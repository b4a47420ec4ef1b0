"""The official Gateway API conformance suite, unmodified, against a cluster that is no cluster.

`run.run_suite` does it all: builds the suite's own test binary and the node agent
(`conformance/gateway-api` in the source tree), gives them an API server and a gateway, reads what
the binary prints, and makes of it the standard report, JUnit, and an explanation of each failure.
"""
