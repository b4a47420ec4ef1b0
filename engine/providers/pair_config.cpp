#include "engine/providers/pair_config.h"

namespace gateproof::providers {

std::optional<PairConfig> config_of_pairs(std::span<const config::FlatPair> pairs,
                                          const std::string& provider, const std::string& root_key,
                                          const config::MiddlewareTypes& types,
                                          config::Findings& findings) {
  for (const config::FlatPair* p : config::pairs_outside(pairs, root_key)) {
    findings.add("GP1215", p->key_span, "providers." + provider,
                 "no part of Traefik reads the key " + p->key,
                 "keys begin with " + root_key + "/http, " + root_key + "/tcp, " + root_key +
                     "/udp or " + root_key + "/tls; rootKey of the provider says where");
  }
  const Result<config::Document> doc = config::document_from_pairs(pairs, root_key);
  std::optional<PairConfig> out;
  if (doc) {
    if (auto objects = config::decode_dynamic(*doc, provider, types, findings))
      out = {std::move(*objects), std::make_shared<const config::Value>(doc->root)};
  } else {
    findings.add("GP1214", doc.error().span, "providers." + provider, doc.error().message,
                 doc.error().remedy);
  }
  if (!out && !pairs.empty()) {
    findings.add("GP1214", pairs.front().key_span, "providers." + provider,
                 "the key/value pairs cannot be decoded: nothing of them is served",
                 "correct what is said of the keys");
  }
  return out;
}

}  // namespace gateproof::providers
