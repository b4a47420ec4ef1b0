// Certificates, keys and authorities of Secrets and ConfigMaps, each looked at once.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

namespace gateproof::kubernetes::gateway {

// What was found out about texts; may outlive a call of resolve(), which is then spared parsing them again.
class CertificateCache {
 public:
  static constexpr size_t entries_max = 8192;  // beyond it everything is forgotten

  // "" when the pair can be used, else why it cannot.
  std::string key_pair(std::string_view certificate, std::string_view key);
  std::string authorities(std::string_view pem);
  size_t parsed() const { return parsed_; }  // texts that were not known

 private:
  template <class Check>
  std::string look(std::string_view kind, std::string_view a, std::string_view b, Check check);

  std::unordered_map<std::string, std::string> verdicts_;
  size_t parsed_ = 0;
};

}  // namespace gateproof::kubernetes::gateway
