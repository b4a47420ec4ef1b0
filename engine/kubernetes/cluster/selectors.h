// Label and field selectors as kubectl and client-go write them.
#pragma once
#include "engine/kubernetes/cluster/status.h"

namespace gateproof::kubernetes::cluster {

inline constexpr size_t selector_bytes_max = 64u << 10;  // of a selector's text
inline constexpr size_t selector_requirements_max = 256;

class LabelSelector {
 public:
  LabelSelector() = default;  // matches everything
  // "a=b,c==d,e!=f,g in (x,y),h notin (z),i,!j,k>1"
  static Reply<LabelSelector> parse(std::string_view text);
  // {"matchLabels": {...}, "matchExpressions": [...]} or nothing: null matches nothing, {} everything.
  static Reply<LabelSelector> from_json(const Json& selector);
  bool matches(const Json& labels) const;  // metadata.labels, or null
  bool empty() const { return all_.empty() && !nothing_; }

 private:
  enum class Op : uint8_t { in, not_in, exists, absent, greater, less };
  struct Requirement {
    std::string key;
    Op op;
    std::vector<std::string> values;
    int64_t bound = 0;
  };
  friend class SelectorParser;
  std::vector<Requirement> all_;
  bool nothing_ = false;
};

class FieldSelector {
 public:
  // "metadata.name=x,status.phase!=Running". `type` says which fields it knows: 400 for another.
  static Reply<FieldSelector> parse(std::string_view text, const ResourceType& type,
                                    std::string_view version);
  bool matches(const Json& object) const;
  bool empty() const { return all_.empty(); }
  // The name that metadata.name= asks for, if it does: a single object may be looked up.
  const std::string* name() const;

 private:
  struct Requirement {
    std::string path;
    std::string value;
    bool equal;
  };
  std::vector<Requirement> all_;
};

}  // namespace gateproof::kubernetes::cluster
