// The inside of an Identity, for the sources of this layer.
#pragma once
#include "engine/tls/identity.h"
#include "engine/tls/openssl.h"

namespace gateproof::tls {

struct Identity::Parts {
  CertificatePtr leaf;
  CertificateListPtr chain;  // without the leaf; null: none
  KeyPtr key;
};

// "" when it cannot be encoded.
std::string der_of(X509* certificate);

// The certificates of a PEM text, up to the first one that cannot be read; other blocks and text between are passed over.
std::vector<CertificatePtr> certificates_of(std::string_view pem);

}  // namespace gateproof::tls
