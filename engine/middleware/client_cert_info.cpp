#include "engine/middleware/client_cert_info.h"

#include "engine/middleware/go_url.h"

namespace gateproof::middleware {
namespace {

config::Schema<NameOptions> make_name_schema(bool subject) {
  using N = NameOptions;
  config::Schema<N> s;
  s.field("country", &N::country, "bool", "false")
      .field("province", &N::province, "bool", "false")
      .field("locality", &N::locality, "bool", "false")
      .field("organization", &N::organization, "bool", "false");
  if (subject) s.field("organizationalUnit", &N::organizational_unit, "bool", "false");
  s.field("commonName", &N::common_name, "bool", "false")
      .field("serialNumber", &N::serial_number, "bool", "false")
      .field("domainComponent", &N::domain_component, "bool", "false");
  return s;
}

const config::Schema<NameOptions>& subject_schema() {
  static const auto s = make_name_schema(true);
  return s;
}
const config::Schema<NameOptions>& issuer_schema() {
  static const auto s = make_name_schema(false);
  return s;
}

std::string name_text(const crypto::DistinguishedName& name, const NameOptions& o) {
  std::vector<std::string> parts;
  const auto add_one = [&](bool wanted, std::string_view key, const std::string& value) {
    if (wanted && !value.empty()) parts.push_back(std::string(key) + "=" + value);
  };
  const auto add = [&](bool wanted, std::string_view key, const std::vector<std::string>& values) {
    for (const std::string& value : values) add_one(wanted, key, value);
  };
  // An empty domain component is told, unlike all others.
  for (const std::string& value : name.domain_components) {
    if (o.domain_component) parts.push_back("DC=" + value);
  }
  add(o.country, "C", name.countries);
  add(o.province, "ST", name.provinces);
  add(o.locality, "L", name.localities);
  add(o.organization, "O", name.organizations);
  add(o.organizational_unit, "OU", name.organizational_units);
  add_one(o.serial_number, "SN", name.serial_number);
  add_one(o.common_name, "CN", name.common_name);
  return text::join(parts, ",");
}

std::string address_text(const std::string& raw) {
  const auto at = [&raw](size_t i) { return static_cast<uint8_t>(raw[i]); };
  if (raw.size() == 4) return IpAddress::v4(at(0), at(1), at(2), at(3)).to_string();
  IpAddress ip;
  ip.v6 = true;
  for (size_t i = 0; i < ip.bytes.size(); ++i) ip.bytes[i] = at(i);
  return ip.unmapped().to_string();
}

std::vector<std::string> alternative_names(const crypto::Certificate& c) {
  std::vector<std::string> out = c.dns_names;
  out.insert(out.end(), c.email_addresses.begin(), c.email_addresses.end());
  for (const std::string& raw : c.ip_addresses) out.push_back(address_text(raw));
  for (const std::string& uri : c.uris) {
    const auto normal = go_url_normal_form(uri);
    out.push_back(normal ? *normal : uri);
  }
  return out;
}

}  // namespace

const config::Schema<CertInfoOptions>& cert_info_schema() {
  using I = CertInfoOptions;
  static const auto s = config::Schema<I>()
                            .field("notAfter", &I::not_after, "bool", "false")
                            .field("notBefore", &I::not_before, "bool", "false")
                            .field("sans", &I::sans, "bool", "false")
                            .field("serialNumber", &I::serial_number, "bool", "false")
                            .object("subject", &I::subject, subject_schema())
                            .object("issuer", &I::issuer, issuer_schema());
  return s;
}

std::string cert_info_text(const crypto::Certificate& c, const CertInfoOptions& o) {
  std::vector<std::string> parts;
  const auto add = [&](bool wanted, std::string_view key, const std::string& value) {
    if (wanted && !value.empty()) parts.push_back(std::string(key) + "=\"" + value + "\"");
  };
  // Seconds before the epoch come out as Go's uint64 shows them.
  const auto seconds = [](int64_t s) { return std::to_string(static_cast<uint64_t>(s)); };
  if (o.subject) add(true, "Subject", name_text(c.subject, *o.subject));
  if (o.issuer) add(true, "Issuer", name_text(c.issuer, *o.issuer));
  add(o.serial_number, "SerialNumber", c.serial_number);
  add(o.not_before, "NB", seconds(c.not_before_s));
  add(o.not_after, "NA", seconds(c.not_after_s));
  add(o.sans, "SAN", text::join(alternative_names(c), ","));
  return text::join(parts, ";");
}

}  // namespace gateproof::middleware
