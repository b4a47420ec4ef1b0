// What several replicas of the chart's Deployment break: an ACME account and its certificates are one file, and the token of an
// HTTP-01 challenge is held by the replica that asked for it.
#include "engine/base/text.h"
#include "engine/check/helm_values.h"
#include "engine/kubernetes/shapes.h"

namespace gateproof::check {

using config::Findings;
using config::Value;

namespace {

struct Replicas {
  int64_t count = 1;
  SourceSpan span;
  std::string key;
};

// With autoscaling on, deployment.replicas is not looked at (catalogue 8).
Replicas replicas_of(const Value& root) {
  const Value* scaling = root.at("autoscaling.enabled");
  const bool scales = scaling && kubernetes::boolean_of(*scaling).value_or(false);
  const std::string key = scales ? "autoscaling.maxReplicas" : "deployment.replicas";
  const Value* v = root.at(key);
  if (!v) return {};
  return {kubernetes::integer_of(*v).value_or(1), v->span, key};
}

void one_resolver(const Value::Member& resolver, const Replicas& replicas, Findings& findings) {
  const Value* acme = resolver.value.find_nocase("acme");
  if (!acme || acme->kind != Value::mapping) return;
  const Value* storage = acme->find_nocase("storage");
  const std::string file = storage ? std::string(storage->str()) : "acme.json";
  const std::string count = std::to_string(replicas.count);
  findings.add(
      "GP0902", replicas.span, "value " + replicas.key,
      count + " replicas share the ACME storage " + file + " of resolver " + resolver.key +
          ": each overwrites what the other stored, and certificates are asked for again and again",
      "set " + replicas.key + ": 1, or leave certificates to cert-manager");
  const Value* http = acme->find_nocase("httpChallenge");
  if (!http || http->kind == Value::null) return;
  findings.add("GP0903", http->span.known() ? http->span : resolver.key_span,
               "value certificatesResolvers." + resolver.key,
               "the token of an HTTP-01 challenge is held by one of " + count +
                   " replicas, and the request for it may reach another: the challenge fails",
               "use dnsChallenge, or set " + replicas.key + ": 1");
}

}  // namespace

void look_at_helm_values(const Value& root, Findings& findings) {
  look_at_helm_keys(root, findings);
  const Replicas replicas = replicas_of(root);
  const Value* resolvers = root.find("certificatesResolvers");
  if (replicas.count < 2 || !resolvers) return;
  for (const Value::Member& m : resolvers->members) one_resolver(m, replicas, findings);
}

}  // namespace gateproof::check
