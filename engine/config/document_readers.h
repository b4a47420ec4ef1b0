// The three readers behind parse_document, and what they share.
#pragma once
#include "engine/config/document.h"

namespace gateproof::config {

using FileName = std::shared_ptr<const std::string>;

// Counts what a text makes; each limit is an Error with a span.
class Budget {
 public:
  explicit Budget(const TextLimits& limits) : limits_(limits) {}
  std::optional<Error> node(const SourceSpan& at);                  // one value more
  std::optional<Error> expand(size_t nodes, const SourceSpan& at);  // an alias of so many values
  std::optional<Error> depth(size_t depth,
                             const SourceSpan& at) const;  // a collection in `depth` others

 private:
  TextLimits limits_;
  size_t nodes_ = 0;
  size_t alias_nodes_ = 0;
};

// The error of a key written twice; nullopt when all keys differ. yaml.v3's words.
std::optional<Error> duplicate_key(const Value& mapping);

Result<Value> read_json(std::string_view text, const FileName& file, const TextLimits& limits);
// One document, or all of them.
Result<std::vector<Value>> read_yaml(std::string_view text, const FileName& file,
                                     const TextLimits& limits, bool first_only, bool* more);
Result<Value> read_toml(std::string_view text, const FileName& file, const TextLimits& limits);

}  // namespace gateproof::config
