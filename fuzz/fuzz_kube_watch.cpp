// Any bytes of an API server: events are the same however they arrive in pieces, no line outgrows its limit, what a page's items
// are is read or refused, and the ledger that is fed with all of it ends with what it told.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "engine/providers/kube_json.h"
#include "engine/providers/kube_ledger.h"

using namespace gateproof;
using namespace gateproof::providers;

namespace {

constexpr size_t line_bytes_max = 512;  // small, so that the limit is met
constexpr size_t objects_max = 4;

void require(bool ok) {
  if (!ok) std::abort();
}

const KubeResource things{"example.com", {"v1"}, "Thing", "things"};

std::string read_events(std::string_view bytes, size_t piece) {
  KubeEventReader reader(line_bytes_max);
  KubeLedger ledger("example.com", "Thing", objects_max);
  std::set<std::string> state;
  std::string out;
  for (;;) {
    while (auto event = reader.next()) {
      if (!*event) {
        out += event->error().code == Code::limit ? "long\n" : "bad\n";
        continue;
      }
      const KubeEvent::Type type = (*event)->type;
      out += std::to_string(static_cast<int>(type)) + json_of((*event)->object) + "\n";
      Result<KubeObject> object = take_object(std::move((*event)->object), things, "v1");
      if (!object) continue;
      require(!object->key.name.empty() && object->content != 0);
      KubeChange change;
      const bool deleted = type == KubeEvent::Type::deleted;
      const auto effect = deleted ? ledger.remove(*object, Instant{}, change)
                                  : ledger.put(std::move(*object), Instant{}, change);
      if (effect == KubeLedger::Effect::change) {
        if (change.object)
          state.insert(change.key.label());
        else
          require(state.erase(change.key.label()) == 1);
      }
    }
    require(reader.pending() <= line_bytes_max);
    if (bytes.empty()) break;
    const std::string copy(bytes.substr(0, piece));  // its own allocation
    reader.feed(copy);
    bytes.remove_prefix(copy.size());
  }
  require(ledger.size() == state.size() && state.size() <= objects_max);
  const size_t gone = ledger.forget().size();
  require(gone == state.size() && ledger.size() == 0);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string one_by_one = read_events(bytes, 1);
  require(read_events(bytes, 7) == one_by_one);
  require(read_events(bytes, size ? size : 1) == one_by_one);
  const Result<KubePage> page = read_page(bytes);
  if (page) {
    for (const std::string_view item : page->items) {
      require(item.data() >= bytes.data() && item.data() + item.size() <= bytes.data() + size);
      (void)read_kube_json(item, "item");
    }
  }
  (void)read_refusal(500, bytes);
  // What is written as JSON is read as the same.
  if (const Result<config::Value> v = read_kube_json(bytes, "text")) {
    const Result<config::Value> again = read_kube_json(json_of(*v), "text");
    require(again && content_digest(*again) == content_digest(*v));
  }
  return 0;
}
