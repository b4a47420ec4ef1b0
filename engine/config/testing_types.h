// Test doubles for the decoder: three middleware types and shorthands. For *_test.cpp and fuzz targets.
#pragma once
#include "engine/base/text.h"
#include "engine/config/schema.h"

namespace gateproof::config::testing {

struct PrefixOptions {
  std::string prefix;
};
struct CompressOptions {
  int64_t min_response_body_bytes = 1024;
};
struct ChainOptions {
  std::vector<Text> middlewares;
};

class FewTypes final : public MiddlewareTypes {
 public:
  FewTypes() {
    prefix_.field("prefix", &PrefixOptions::prefix, "string");
    compress_.field("minResponseBodyBytes", &CompressOptions::min_response_body_bytes, "integer");
    chain_.field("middlewares", &ChainOptions::middlewares, "list of strings");
    types_[0] = {"addPrefix", &prefix_,
                 [] { return std::shared_ptr<void>(std::make_shared<PrefixOptions>()); }};
    types_[1] = {"compress", &compress_,
                 [] { return std::shared_ptr<void>(std::make_shared<CompressOptions>()); }, true};
    types_[2] = {"chain", &chain_,
                 [] { return std::shared_ptr<void>(std::make_shared<ChainOptions>()); }, false,
                 [](const void* o) { return static_cast<const ChainOptions*>(o)->middlewares; }};
  }
  const MiddlewareSchema* find(std::string_view name) const override {
    for (const MiddlewareSchema& t : types_) {
      if (text::iequals(t.type, name)) return &t;
    }
    return nullptr;
  }
  std::vector<std::string_view> names() const override {
    return {"addPrefix", "compress", "chain"};
  }

 private:
  Schema<PrefixOptions> prefix_;
  Schema<CompressOptions> compress_;
  Schema<ChainOptions> chain_;
  MiddlewareSchema types_[3];
};

// "GP0101 2:5 field not found, node: x" for each finding, in order.
inline std::string brief(const Findings& findings) {
  std::string out;
  for (const Finding& f : findings.list()) {
    if (!out.empty()) out += "\n";
    out += f.code + " " + std::to_string(f.span.line) + ":" + std::to_string(f.span.column) + " " +
           f.message;
  }
  return out;
}

}  // namespace gateproof::config::testing
