// Dumps of key/value stores (Consul, etcd, Redis, ZooKeeper) to the same Document as files (catalogue 6.9).
#pragma once
#include "engine/config/flat_tree.h"

namespace gateproof::config {

// How a dump is written.
enum class PairFormat : uint8_t {
  lines,        // `key = value`, blanks around both cut; `#` begins a comment line
  alternating,  // a key on one line, its value on the next: `etcdctl get --prefix`
  consul,       // JSON: `consul kv export` or the HTTP API's ?recurse, values in base64
  etcd,         // JSON: `etcdctl get --prefix -w json`, keys and values in base64
  map,          // YAML or JSON: {"traefik/http/routers/r/rule": "..."}
};

struct PairDump {
  PairFormat format = PairFormat::lines;
  std::vector<FlatPair> pairs;  // in the order written; a leading slash of keys is cut
};

// Whether a text, or a document that was parsed already, is such a dump: its first key has a piece http, tcp, udp or tls.
bool is_pair_text(std::string_view text);
bool is_pair_document(const Document& document);

// The pairs of a text (lines, alternating), of a document (the rest). Places of values that are in base64 are those of their
// lines.
Result<PairDump> pairs_from_text(std::string_view text, const std::string& file,
                                 const TextLimits& limits = {});
Result<PairDump> pairs_from_document(const Document& document);

// The tree below `root_key` ("traefik"): digits between slashes are an index, values under indexes of one name become one
// text with commas. Of a key that is there twice the last value counts. Other keys are left out.
Result<Document> document_from_pairs(std::span<const FlatPair> pairs, std::string_view root_key);

// Keys that nobody reads though they look as if they were meant to be: an unknown section below the root key, a section below
// another root. The first of each; keys of other programs are left out.
std::vector<const FlatPair*> pairs_outside(std::span<const FlatPair> pairs,
                                           std::string_view root_key);

}  // namespace gateproof::config
