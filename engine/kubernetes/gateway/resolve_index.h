// What resolve() looks up again and again: read once for each call, so that nothing of it grows with the product of objects.
#pragma once
#include <unordered_map>
#include <unordered_set>

#include "engine/kubernetes/gateway/certificates.h"
#include "engine/kubernetes/gateway/model.h"

namespace gateproof::kubernetes::gateway {

// Something that keeps an object, or a part of it, from being served: a reason of the API's, a finding's code, and words.
struct Problem {
  std::string_view code;
  std::string reason;
  std::string message;
  std::string remedy;
  SourceSpan span;

  std::string text() const { return remedy.empty() ? message : message + "; " + remedy; }
};

// Objects in the order in which the API lets them win: older ones first, then by "namespace/name", then by kind.
std::string age_key(const Object& o);
std::vector<const Object*> by_age(const std::vector<const Object*>& objects);
std::string path_of(std::string_view ns, std::string_view name);
std::string lower_case(std::string_view text);
int64_t generation_of(const Object& object);
// Of `v`'s member `key` when it is a scalar, else of `v`.
SourceSpan span_of(const config::Value& v, std::string_view key);

// A label selector: matchLabels and matchExpressions.
bool selector_matches(const config::Value* selector, const config::Value* labels,
                      std::string_view ns_name);

// `from` of allowedRoutes.namespaces and allowedListeners.namespaces, seen from namespace `own`.
class NamespaceRule {
 public:
  enum class From : uint8_t { none, same, all, selector };
  NamespaceRule() = default;
  NamespaceRule(const config::Value* namespaces, From otherwise, std::string own);
  bool allows(const ObjectStore& store, const std::string& ns);
  From from() const { return from_; }

 private:
  From from_ = From::none;
  std::string own_;
  const config::Value* selector_ = nullptr;
  std::unordered_map<std::string, bool> known_;
};

class Index {
 public:
  Index(const ObjectStore& objects, const Options& wanted, config::Findings& reports,
        CertificateCache& certificates);
  // Reads the same, and has reports of its own.
  Index(const Index& other, config::Findings& reports);

  const ObjectStore& store;
  const Options& options;
  config::Findings& findings;

  // Whether a ReferenceGrant in `to_ns` lets objects of `from_kind` in `from_ns` name the target; always within a namespace.
  bool granted(std::string_view from_kind, std::string_view from_ns, std::string_view to_kind,
               std::string_view to_ns, std::string_view to_name) const;
  void report(const Object& object, const Problem& p, std::string_view prefix = "") const;

  // A Secret with certificate and key that `owner` names; a problem with `invalid` as its reason otherwise.
  std::optional<Problem> read_key_pair(const Object& owner, const config::Value& ref,
                                       std::string_view invalid, KeyPair& out);
  // The authorities of a ConfigMap. Reasons: `invalid`, `kind`, RefNotPermitted (only where other namespaces can be named).
  std::optional<Problem> read_authorities(const Object& owner, const config::Value& ref,
                                          std::string_view invalid, std::string_view kind,
                                          Text& out);

 private:
  struct Names {
    bool all = false;
    std::unordered_set<std::string> some;
  };
  static std::string grant_key(std::string_view to_ns, std::string_view to_kind,
                               std::string_view from_kind, std::string_view from_ns);
  void read_grants();

  CertificateCache& certificates_;
  std::unordered_map<std::string, Names> grants_;
  std::unordered_map<const Object*, std::shared_ptr<const KeyPair>> pairs_;
};

}  // namespace gateproof::kubernetes::gateway
