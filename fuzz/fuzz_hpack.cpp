// Header blocks into nghttp2's decoder and the checks around it. Properties: what comes out does not depend on how a block is cut;
// names and values are bounded; what was decoded without fault is the same again when our encoder has written it. The first
// byte chooses the table's size, the second how many blocks the input is.
#include "engine/base/assert.h"
#include "engine/http/h2_fields.h"

using namespace gateproof::http;
using namespace gateproof::http::h2;

namespace {

class Collected final : public FieldSink {
 public:
  std::vector<std::pair<std::string, std::string>> fields;
  void field(std::string_view name, std::string_view value) override {
    GP_ASSERT(name.size() <= string_bytes_max && value.size() <= string_bytes_max);
    fields.emplace_back(name, value);
  }
};

// All blocks, one behind the other in the same table; false: one of them is a compression error.
bool decode(const std::vector<std::string_view>& blocks, size_t table, size_t cut, Collected& out) {
  HpackDecoder decoder;
  decoder.set_table_bytes(table);
  for (std::string_view block : blocks) {
    do {
      const std::string piece(
          block.substr(0, cut));  // its own allocation: reading over its end is seen
      block.remove_prefix(piece.size());
      if (!decoder.decode(piece, block.empty(), out)) return false;
    } while (!block.empty());
  }
  return true;
}

void check_again(const Collected& whole) {
  HpackEncoder encoder(table_bytes_default);
  for (const auto& [name, value] : whole.fields) encoder.add(name, value, value.size() % 3 == 0);
  std::string block;
  if (!encoder.finish(block)) return;
  Collected again;
  GP_ASSERT(decode({block}, table_bytes_default, block.size() + 1, again));
  GP_ASSERT(again.fields.size() == whole.fields.size());
  for (size_t i = 0; i < again.fields.size(); ++i) {
    GP_ASSERT(gateproof::text::iequals(again.fields[i].first, whole.fields[i].first));
    GP_ASSERT(again.fields[i].second == whole.fields[i].second);
  }
}

// The reader of fields keeps its limits, and what it lets through HTTP/1.1 could carry.
void check_read(const Collected& whole, BlockKind kind) {
  BlockLimits limits;
  limits.list_bytes_max = 2000;
  limits.fields_max = 30;
  BlockReader reader;
  reader.begin(kind, limits);
  for (const auto& [name, value] : whole.fields) reader.field(name, value);
  reader.finish();
  const Block& block = reader.block();
  if (block.too_large || !block.malformed.empty()) return;
  GP_ASSERT(reader.fields() <= limits.fields_max && reader.list_bytes() <= limits.list_bytes_max);
  for (const Headers::Field& f : block.headers)
    GP_ASSERT(is_token(f.name) && is_field_value(f.value) && !is_connection_specific({f.name}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 1u << 16) return 0;
  constexpr size_t sizes[] = {0, 64, 4096, 65536};
  const size_t table = sizes[data[0] % std::size(sizes)];
  std::string_view input(reinterpret_cast<const char*>(data + 2), size - 2);
  std::vector<std::string_view> blocks;
  for (size_t left = 1 + data[1] % 3; left > 0; --left) {
    const size_t n = input.size() / left;
    if (n == 0) continue;
    blocks.push_back(input.substr(0, n));
    input.remove_prefix(n);
  }
  Collected whole;
  const bool good = decode(blocks, table, size, whole);
  for (const size_t cut : {size_t{1}, size_t{2}, 3 + size % 13}) {
    Collected cut_fields;
    GP_ASSERT(decode(blocks, table, cut, cut_fields) == good);
    GP_ASSERT(cut_fields.fields == whole.fields);
  }
  if (good && whole.fields.size() < 1000) check_again(whole);
  for (BlockKind kind : {BlockKind::request, BlockKind::response, BlockKind::trailers})
    check_read(whole, kind);
  return 0;
}
