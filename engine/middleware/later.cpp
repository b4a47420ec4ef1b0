// Types that are understood and not acted on yet: their options are checked, and a router that uses one is answered with 501
// by the snapshot builder rather than served without its protection. Options by catalogue 3.2.
#include "engine/middleware/later.h"

namespace gateproof::middleware {
namespace {

using Strings = std::vector<std::string>;
constexpr std::string_view list = "list of strings";

struct ContentType {
  std::optional<bool> auto_detect;
};
const config::Schema<ContentType>& content_type() {
  static const auto s = config::Schema<ContentType>()
                            .field("autoDetect", &ContentType::auto_detect, "bool")
                            .deprecated("remove it: an empty contentType detects");
  return s;
}

struct EncodedCharacters {
  bool slash = false, back_slash = false, null = false, semicolon = false, percent = false,
       question = false, hash = false;
};
const config::Schema<EncodedCharacters>& encoded_characters() {
  using E = EncodedCharacters;
  static const auto s = config::Schema<E>()
                            .field("allowEncodedSlash", &E::slash, "bool", "false")
                            .field("allowEncodedBackSlash", &E::back_slash, "bool", "false")
                            .field("allowEncodedNullCharacter", &E::null, "bool", "false")
                            .field("allowEncodedSemicolon", &E::semicolon, "bool", "false")
                            .field("allowEncodedPercent", &E::percent, "bool", "false")
                            .field("allowEncodedQuestionMark", &E::question, "bool", "false")
                            .field("allowEncodedHash", &E::hash, "bool", "false");
  return s;
}

struct GrpcWeb {
  Strings allow_origins;
};
const config::Schema<GrpcWeb>& grpc_web() {
  static const auto s =
      config::Schema<GrpcWeb>().field("allowOrigins", &GrpcWeb::allow_origins, std::string(list));
  return s;
}

struct DistinguishedName {
  bool country = false, province = false, locality = false, organization = false,
       organizational_unit = false, common_name = false, serial_number = false,
       domain_component = false;
};
config::Schema<DistinguishedName> make_name_schema(bool subject) {
  using D = DistinguishedName;
  config::Schema<D> s;
  s.field("country", &D::country, "bool", "false")
      .field("province", &D::province, "bool", "false")
      .field("locality", &D::locality, "bool", "false")
      .field("organization", &D::organization, "bool", "false");
  if (subject) s.field("organizationalUnit", &D::organizational_unit, "bool", "false");
  s.field("commonName", &D::common_name, "bool", "false")
      .field("serialNumber", &D::serial_number, "bool", "false")
      .field("domainComponent", &D::domain_component, "bool", "false");
  return s;
}
const config::Schema<DistinguishedName>& subject_schema() {
  static const auto s = make_name_schema(true);
  return s;
}
const config::Schema<DistinguishedName>& issuer_schema() {
  static const auto s = make_name_schema(false);
  return s;
}

struct CertInfo {
  bool not_after = false, not_before = false, sans = false, serial_number = false;
  std::optional<DistinguishedName> subject, issuer;
};
const config::Schema<CertInfo>& cert_info() {
  static const auto s = config::Schema<CertInfo>()
                            .field("notAfter", &CertInfo::not_after, "bool", "false")
                            .field("notBefore", &CertInfo::not_before, "bool", "false")
                            .field("sans", &CertInfo::sans, "bool", "false")
                            .field("serialNumber", &CertInfo::serial_number, "bool", "false")
                            .object("subject", &CertInfo::subject, subject_schema())
                            .object("issuer", &CertInfo::issuer, issuer_schema());
  return s;
}

struct PassTlsClientCert {
  bool pem = false;
  std::optional<CertInfo> info;
};
const config::Schema<PassTlsClientCert>& pass_tls_client_cert() {
  static const auto s = config::Schema<PassTlsClientCert>()
                            .field("pem", &PassTlsClientCert::pem, "bool", "false")
                            .object("info", &PassTlsClientCert::info, cert_info());
  return s;
}

// A plugin's options are its own: any name, any value.
struct Plugin {};
const config::ObjectSchema& plugin() {
  static const config::ObjectSchema s{.fields = {}, .any_field = true};
  return s;
}

template <const char* type>
Result<std::unique_ptr<Middleware>> not_yet(const void*, const BuildContext&) {
  return Error(Code::unsupported, "middleware type " + std::string(type) + " is not acted on yet");
}

template <class Options, const char* type>
MiddlewareSpec spec(const config::ObjectSchema& schema, bool empty_allowed = false) {
  return {{type, &schema, make_options<Options>, empty_allowed}, not_yet<type>};
}

constexpr char content_type_type[] = "contentType";
constexpr char encoded_characters_type[] = "encodedCharacters";
constexpr char grpc_web_type[] = "grpcWeb";
constexpr char pass_tls_client_cert_type[] = "passTLSClientCert";
constexpr char plugin_type[] = "plugin";

}  // namespace

std::vector<MiddlewareSpec> later_types() {
  return {
      spec<ContentType, content_type_type>(content_type(), true),
      spec<EncodedCharacters, encoded_characters_type>(encoded_characters()),
      spec<GrpcWeb, grpc_web_type>(grpc_web()),
      spec<PassTlsClientCert, pass_tls_client_cert_type>(pass_tls_client_cert()),
      spec<Plugin, plugin_type>(plugin()),
  };
}

}  // namespace gateproof::middleware
