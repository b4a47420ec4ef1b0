// Whether PEM texts that somebody hands over as certificate, key or authorities can be used at all.
#pragma once
#include <string_view>

#include "engine/base/error.h"

namespace gateproof::crypto {

// A chain of certificates (the first is the one of the key) and an unencrypted private key: PKCS#1, SEC1 or PKCS#8, RSA, ECDSA
// or Ed25519. Code::invalid says which of the two cannot be read, or that they do not belong together.
Result<void> check_key_pair(std::string_view certificates, std::string_view key);

// One certificate at least, and each of them can be read.
Result<void> check_authorities(std::string_view certificates);

}  // namespace gateproof::crypto
