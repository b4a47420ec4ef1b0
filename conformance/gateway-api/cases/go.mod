module gateproof/conformance/gateway-api/cases

go 1.27.0
