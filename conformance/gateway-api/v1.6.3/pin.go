// Package pin names what the suite's test binary is built from, so that go.mod keeps it.
package pin

import _ "sigs.k8s.io/gateway-api/conformance"
