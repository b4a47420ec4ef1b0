// ServerContext and ClientContext: everything about TLS that many connections have in common, made once and shared by all event
// loops. OpenSSL's objects are dear to make, so whoever builds snapshots keeps them over reloads (registry.h).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tls/identity.h"

namespace gateproof::tls {

// What servers offer when `alpnProtocols` says nothing (catalogue 5.1).
inline constexpr std::string_view default_alpn[] = {"h2", "http/1.1", "acme-tls/1"};

enum class ClientAuth : uint8_t { none, request, require_any, verify_if_given, require_and_verify };

// TLS options (catalogue 5.1) with their PEM texts in place of paths. Names are Go's.
struct ServerSettings {
  std::string min_version, max_version;  // unknown texts mean nothing
  std::vector<std::string> cipher_suites, curves;
  std::vector<std::string> alpn;
  ClientAuth client_auth = ClientAuth::none;
  std::vector<std::string> client_authorities;  // PEM
  bool sni_strict = false;
  bool session_tickets = true;
};

class ServerContext {
 public:
  struct Parts;
  explicit ServerContext(std::unique_ptr<Parts> parts);
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  ~ServerContext();
  static Result<std::shared_ptr<const ServerContext>> make(const ServerSettings& settings);
  Parts& parts() const { return *parts_; }
  bool sni_strict() const;

 private:
  std::unique_ptr<Parts> parts_;
};

// How servers are spoken to (catalogue 4.6), with PEM texts in place of paths.
struct ClientSettings {
  std::string server_name;  // "": the name that is dialled
  bool insecure_skip_verify = false;
  std::vector<std::string> roots;                                 // PEM
  std::vector<std::pair<std::string, std::string>> certificates;  // PEM of certificate and key
  std::vector<std::string> cipher_suites;
  std::string min_version, max_version;
  std::string peer_cert_uri;
  // Not empty: one of these DNS names and URIs must be in the certificate, and the host name is not looked at.
  std::vector<std::string> peer_dns, peer_uris;
  bool strict =
      false;  // what is wrong with a server is Code::protocol, not Code::invalid (502, where Traefik answers 500)
};

class ClientContext {
 public:
  struct Parts;
  explicit ClientContext(std::unique_ptr<Parts> parts);
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;
  ~ClientContext();
  static Result<std::shared_ptr<const ClientContext>> make(const ClientSettings& settings);
  Parts& parts() const { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

// Gets a line of the NSS key log format for each secret of each connection made from now on (debugging only). Empty: nobody.
// Before any context is made.
void set_key_log(void (*sink)(std::string_view line));

}  // namespace gateproof::tls
