// Any text as a dump of a key/value store: lines, alternating lines, or a JSON or YAML document. What comes out is a
// configuration or an error; an error has words and a place; places lie on the text's lines; a dump that is read is read by
// every root key without end of process.
#include <cstdint>
#include <cstdlib>

#include "engine/config/kv_reader.h"
#include "engine/config/testing_types.h"
#include "engine/providers/pair_config.h"

using namespace gateproof;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

void decode(const config::PairDump& dump, std::string_view text) {
  static const config::testing::FewTypes types;
  const size_t lines = text::split(text, '\n').size();
  for (const config::FlatPair& p : dump.pairs) {
    require(p.key_span.known() && p.key_span.line >= 1 && p.key_span.line <= lines);
    require(p.value_span.known() && p.value_span.line <= lines);
  }
  for (const char* root : {"traefik", "a/b", ""}) {
    config::Findings findings;
    const auto made = providers::config_of_pairs(dump.pairs, "redis", root, types, findings);
    require(made.has_value() || findings.has_errors() || dump.pairs.empty());
    for (const config::Finding& f : findings.list())
      require(!f.message.empty() && !f.remedy.empty() && f.span.known());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    config::is_pair_text(text);
    const auto dump = config::pairs_from_text(text, "dump.kv");
    if (dump) {
      decode(*dump, text);
    } else {
      require(!dump.error().message.empty() && dump.error().span.known());
    }
    return 0;
  }
  const auto doc = config::parse_document(text, "dump.yml", config::Format::yaml);
  if (!doc || !config::is_pair_document(*doc)) return 0;
  const auto dump = config::pairs_from_document(*doc);
  if (dump) {
    decode(*dump, text);
  } else {
    require(!dump.error().message.empty() && dump.error().span.known());
  }
  return 0;
}
