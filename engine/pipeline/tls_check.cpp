#include "engine/pipeline/tls_check.h"

#include "engine/base/crypto_x509.h"
#include "engine/base/text.h"
#include "engine/config/tls_names.h"

namespace gateproof::pipeline {

namespace {

using config::Text;

constexpr std::string_view versions[] = {"VersionTLS10", "VersionTLS11", "VersionTLS12",
                                         "VersionTLS13"};

constexpr std::string_view curves[] = {"secp256r1",
                                       "CurveP256",
                                       "secp384r1",
                                       "CurveP384",
                                       "secp521r1",
                                       "CurveP521",
                                       "x25519",
                                       "X25519",
                                       "x25519mlkem768",
                                       "X25519MLKEM768",
                                       "secp256r1mlkem768",
                                       "SecP256r1MLKEM768",
                                       "secp384r1mlkem1024",
                                       "SecP384r1MLKEM1024"};
constexpr std::string_view client_auth_types[] = {"NoClientCert", "RequestClientCert",
                                                  "RequireAnyClientCert", "VerifyClientCertIfGiven",
                                                  "RequireAndVerifyClientCert"};

bool among(std::span<const std::string_view> known, std::string_view text) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

Error wrong(const std::string& message, const Text& at, std::span<const std::string_view> known) {
  const auto near = text::nearest(at.value, known);
  return Error(Code::invalid, message, at.span,
               near ? "did you mean `" + *near + "`?" : "write one of Go's names");
}

Result<void> check_ciphers(const std::vector<Text>& names) {
  for (const Text& c : names) {
    if (!among(config::cipher_suites, c.value))
      return wrong("invalid CipherSuite: " + c.value, c, config::cipher_suites);
  }
  return {};
}

Result<void> check_client_auth(const config::TlsOptionsConfig& o, Files* files) {
  for (const Text& ca : o.ca_files) {
    if (!holds_certificate(ca.value, files)) {
      return Error(Code::invalid, "invalid certificate(s) content", ca.span,
                   "name a file with a certificate in PEM, or write it here");
    }
  }
  const std::string& type = o.client_auth_type.value;
  if (type.empty()) return {};
  const bool verifies = type == "VerifyClientCertIfGiven" || type == "RequireAndVerifyClientCert";
  if (verifies && o.ca_files.empty()) {
    return Error(Code::invalid, "invalid clientAuthType: " + type + ", CAFiles is required",
                 o.client_auth_type.span, "add caFiles with the authorities of the clients");
  }
  if (!among(client_auth_types, type)) {
    return wrong("unknown client auth type " + text::quote(type), o.client_auth_type,
                 client_auth_types);
  }
  return {};
}

// SPIFFE-ID 2.1 and 2.3, with the texts of the library that Traefik uses.
std::string wrong_trust_domain(std::string_view name) {
  if (name.empty()) return "trust domain is missing";
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  return good ? ""
              : "trust domain characters are limited to lowercase letters, numbers, dots, dashes, "
                "and underscores";
}

std::string wrong_spiffe_id(std::string_view id) {
  constexpr std::string_view scheme = "spiffe://";
  if (id.empty()) return "cannot be empty";
  if (!id.starts_with(scheme)) return "scheme is missing or invalid";
  id.remove_prefix(scheme.size());
  const size_t slash = id.find('/');
  const std::string domain = wrong_trust_domain(id.substr(0, slash));
  if (!domain.empty() || slash == std::string_view::npos) return domain;
  if (id.ends_with('/')) return "path cannot have a trailing slash";
  for (std::string_view segment : text::split(id.substr(slash + 1), '/')) {
    if (segment.empty()) return "path cannot contain empty segments";
    if (segment == "." || segment == "..") return "path cannot contain dot segments";
    for (char c : segment) {
      if (!text::is_alnum(c) && c != '-' && c != '.' && c != '_')
        return "path segment characters are limited to letters, numbers, dots, dashes, and "
               "underscores";
    }
  }
  return "";
}

}  // namespace

bool is_tls_version(std::string_view text) { return among(versions, text); }

std::string pem_of(const std::string& value, Files* files) {
  if (!files || value.empty() || value.find('\n') != std::string::npos) return value;
  Result<std::string> text = files->read(value, pem_bytes_max);
  return text ? std::move(*text) : value;
}

bool holds_certificate(const std::string& value, Files* files) {
  const std::string pem = pem_of(value, files);
  if (!files && pem.find("-----BEGIN") == std::string::npos) return true;  // a path, unknown here
  return crypto::certificates_from_pem(pem).has_value();  // which has read each of them
}

Result<void> check_tls_options(const config::TlsOptionsConfig& o, Files* files) {
  if (Result<void> r = check_client_auth(o, files); !r) return r;
  if (Result<void> r = check_ciphers(o.cipher_suites); !r) return r;
  for (const Text& c : o.curve_preferences) {
    if (!among(curves, c.value))
      return wrong("invalid CurveID in curvePreferences: " + c.value, c, curves);
  }
  return {};
}

Result<void> check_spiffe(const config::SpiffeConfig& spiffe) {
  for (const Text& id : spiffe.ids) {
    if (const std::string why = wrong_spiffe_id(id.value); !why.empty()) {
      return Error(Code::invalid, "unable to build SPIFFE authorizer: invalid SPIFFE ID: " + why,
                   id.span, "write an identity such as spiffe://example.org/server");
    }
  }
  const Text& domain = spiffe.trust_domain;
  if (!spiffe.ids.empty() || domain.value.empty()) return {};
  std::string_view name = domain.value;
  if (name.starts_with("spiffe://")) {
    name.remove_prefix(9);
    name = name.substr(0, name.find('/'));
  }
  if (const std::string why = wrong_trust_domain(name); !why.empty()) {
    return Error(Code::invalid,
                 "unable to build SPIFFE authorizer: invalid SPIFFE trust domain: " + why,
                 domain.span, "write a domain such as example.org");
  }
  return {};
}

Result<void> check_transport_tls(const config::TransportTlsConfig& t) {
  if (t.spiffe) {
    if (Result<void> r = check_spiffe(*t.spiffe); !r) return r;
  }
  if (Result<void> r = check_ciphers(t.cipher_suites); !r) return r;
  const std::string &least = t.min_version.value, &most = t.max_version.value;
  if (!least.empty() && !is_tls_version(least))
    return wrong("invalid TLS minimum version: " + least, t.min_version, versions);
  if (!most.empty() && !is_tls_version(most))
    return wrong("invalid TLS maximum version: " + most, t.max_version, versions);
  // Without a maximum none is high enough (observed).
  if (!least.empty() && least > most) {
    return Error(Code::invalid,
                 "TLS minimum version " + least + " is above the maximum version " + most,
                 t.min_version.span,
                 most.empty() ? "add maxVersion: VersionTLS13" : "make minVersion the smaller one");
  }
  return {};
}

Result<void> check_certificate(const config::CertificateConfig& pair, Files* files) {
  if (!holds_certificate(pair.cert_file.value, files)) {
    return Error(Code::invalid, "certFile holds no certificate in PEM", pair.cert_file.span,
                 "name a file with the certificate and its chain, or write it here");
  }
  const std::string key = pem_of(pair.key_file.value, files);
  const bool unknown = !files && key.find("-----BEGIN") == std::string::npos && !key.empty();
  if (!unknown && key.find("PRIVATE KEY-----") == std::string::npos) {
    return Error(Code::invalid, "keyFile holds no private key in PEM", pair.key_file.span,
                 "name the file with the certificate's private key");
  }
  return {};
}

}  // namespace gateproof::pipeline
