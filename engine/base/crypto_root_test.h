// The authority of the parity cases, for tests.
#pragma once

namespace gateproof::crypto::testing {

inline constexpr const char* root = R"(-----BEGIN CERTIFICATE-----
MIIBQjCB6KADAgECAgIQADAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARyb290MCAX
DTIwMDEwMTAwMDAwMFoYDzIwNTAwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDARyb290
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0/U+mLTEtu1Te2304RUDfNRprhyX
oLPeoefTq2jBdPWnI5bQco9su7ofQuzXjQoMWPZgeGHCTQVKLOvA9QUYtaMyMDAw
DwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQU2YYZ0cCgdpcU9K/eN1aJ3i958bQw
CgYIKoZIzj0EAwIDSQAwRgIhAKd6NE7rrhrX5hzn2q+sA/UuUWgxVVGqbzIyvuEb
q2TCAiEAwEqY9sbHTjiLIucosBD5UNlzeAN9sKxdYuNWLirdVEU=
-----END CERTIFICATE-----
)";

}  // namespace gateproof::crypto::testing
