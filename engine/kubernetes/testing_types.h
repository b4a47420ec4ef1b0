// For the tests of this room: a few middleware types with schemas of their own, so that they need no room above this one, and
// short ways from YAML to a translation.
#pragma once
#include "engine/kubernetes/translate.h"

namespace gateproof::kubernetes::testing {

struct Options {
  std::vector<std::string> users, prefixes, middlewares;
  std::vector<Text> refs;
  std::string prefix, scheme, port, realm, header_field;
  bool remove_header = false, permanent = false;
  int64_t average = 0, burst = 0;
  Duration period{0};
  std::map<std::string, std::string> custom_request_headers;
};

inline const std::vector<config::MiddlewareSchema>& test_schemas() {
  using O = Options;
  using S = config::Schema<O>;
  static const S basic_auth = S().field("users", &O::users, "list of strings")
                                  .field("usersFile", &O::realm, "string")
                                  .field("realm", &O::realm, "string")
                                  .field("removeHeader", &O::remove_header, "bool")
                                  .field("headerField", &O::header_field, "string");
  static const S strip_prefix = S().field("prefixes", &O::prefixes, "list of strings")
                                    .field("forceSlash", &O::permanent, "bool");
  static const S add_prefix = S().field("prefix", &O::prefix, "string");
  static const S chain = S().field("middlewares", &O::refs, "list of strings");
  static const S redirect = S().field("scheme", &O::scheme, "string")
                                .field("port", &O::port, "string")
                                .field("permanent", &O::permanent, "bool");
  static const S redirect_regex = S().field("regex", &O::scheme, "string")
                                      .field("replacement", &O::port, "string")
                                      .field("permanent", &O::permanent, "bool");
  static const S rate_limit =
      S().field("average", &O::average, "int")
          .field("burst", &O::burst, "int")
          .field("period", &O::period, "duration")
          .custom("sourceCriterion", "object",
                  [](const config::Value&, O&, config::DecodeContext&) {})
          .custom("redis", "object", [](const config::Value&, O&, config::DecodeContext&) {});
  static const S headers = S().field("customRequestHeaders", &O::custom_request_headers, "map");
  const auto make = +[]() -> std::shared_ptr<void> { return std::make_shared<O>(); };
  const auto refs = +[](const void* o) { return static_cast<const O*>(o)->refs; };
  static const std::vector<config::MiddlewareSchema> all = {
      {"addPrefix", &add_prefix, make},         {"basicAuth", &basic_auth, make},
      {"chain", &chain, make, false, refs},     {"headers", &headers, make},
      {"rateLimit", &rate_limit, make},         {"redirectScheme", &redirect, make},
      {"redirectRegex", &redirect_regex, make}, {"stripPrefix", &strip_prefix, make},
  };
  return all;
}

class TestTypes final : public config::MiddlewareTypes {
 public:
  const config::MiddlewareSchema* find(std::string_view type) const override {
    for (const config::MiddlewareSchema& s : test_schemas()) {
      if (s.type == type) return &s;
    }
    return nullptr;
  }
  std::vector<std::string_view> names() const override { return {}; }
};

// A text that cannot be parsed becomes the finding that it would be anywhere.
inline void add_yaml(ObjectStore& store, std::string_view yaml, config::Findings& findings,
                     const std::string& file = "test.yaml") {
  auto documents = config::parse_documents(yaml, file, config::Format::yaml);
  if (documents) {
    store.add(std::move(*documents), findings);
  } else {
    findings.add("GP0002", documents.error().span, file, documents.error().message,
                 documents.error().remedy);
  }
}

// A store, its translation and all findings, of one text.
struct Translated {
  explicit Translated(std::string_view yaml, const config::StaticConfig* statics = nullptr) {
    add_yaml(store, yaml, findings);
    result = translate(store, statics, TestTypes(), findings);
  }
  ObjectStore store;
  config::Findings findings;
  Translation result;

  // "GP0710@7: message" for each finding, without notes of what is not acted on yet.
  std::vector<std::string> found() const {
    std::vector<std::string> out;
    for (const config::Finding& f : findings.list()) {
      if (f.code.starts_with("GP11")) continue;
      out.push_back(f.code + "@" + std::to_string(f.span.line) + ": " + f.message);
    }
    return out;
  }
  std::vector<std::string> codes() const {
    std::vector<std::string> out;
    for (const config::Finding& f : findings.list()) out.push_back(f.code);
    return out;
  }
};

}  // namespace gateproof::kubernetes::testing
