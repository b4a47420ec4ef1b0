// Bodies of Middleware objects: what the CRD writes differently from a file (catalogue 6.5), rewritten as a file would have it.
#pragma once
#include "engine/kubernetes/crd.h"

namespace gateproof::kubernetes {

class MiddlewareBodies {
 public:
  MiddlewareBodies(const Context& c, CrdServices& services, CrdResult& out)
      : c_(c), services_(services), out_(out) {}

  // The body of a type, `m`, of the Middleware `name` (qualified); nullopt: Traefik drops the object (recorded).
  std::optional<config::Value> rewrite(const Object& o, const config::Value::Member& m,
                                       const std::string& name, const Report& report);

 private:
  static bool valid_durations(const config::Value::Member& m, const Report& report);
  const Object* secret(const Object& o, const Text& name, const Report& report);
  std::optional<config::Value> auth(const Object& o, const config::Value::Member& m,
                                    const std::string& name, const Report& report);
  static std::optional<std::vector<Text>> credentials(const Secret& s, std::string_view type,
                                                      const SourceSpan& at, const Report& report);
  std::optional<config::Value> chain(const Object& o, const config::Value::Member& m,
                                     const Report& report);
  std::optional<config::Value> errors(const Object& o, const config::Value::Member& m,
                                      const std::string& name, const Report& report);
  bool client_tls(const Object& o, config::Value& tls, const Report& report);
  std::optional<config::Value> forward_auth(const Object& o, const config::Value& given,
                                            const Report& report);
  std::optional<config::Value> redis(const Object& o, const config::Value& given,
                                     const Report& report);
  bool plugin_secrets(const Object& o, const config::Value& v, const Report& report);

  const Context& c_;
  CrdServices& services_;
  CrdResult& out_;
};

}  // namespace gateproof::kubernetes
