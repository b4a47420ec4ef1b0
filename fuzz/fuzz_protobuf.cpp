// Bodies in protobuf, as Go's clients send kinds of Kubernetes. The first byte chooses: the bytes as they are, or as an object of
// one of the kinds that the table knows. Properties: a refusal has a code and words; what is read is JSON of the kind that was
// said, and written in protobuf by the same table and read again it is the same.
#include <bit>
#include <chrono>

#include "engine/base/assert.h"
#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/request_body.h"
#include "engine/kubernetes/cluster/wire_fields.h"

using namespace gateproof;
using namespace gateproof::kubernetes::cluster;

namespace {

using namespace std::string_literals;

std::string varint(uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out += static_cast<char>(v | 0x80);
  return out + static_cast<char>(v);
}
std::string bytes_field(uint32_t number, std::string_view s) {
  return varint(uint64_t{number} << 3 | 2) + varint(s.size()) + std::string(s);
}
std::string number_field(uint32_t number, uint64_t v) {
  return varint(uint64_t{number} << 3) + varint(v);
}
std::string eight_bytes(uint64_t v) {
  std::string out;
  for (int i = 0; i < 8; ++i, v >>= 8) out += static_cast<char>(v);
  return out;
}
std::string unknown(std::string_view api_version, std::string_view kind, std::string_view raw) {
  return "k8s\0"s + bytes_field(1, bytes_field(1, api_version) + bytes_field(2, kind)) +
         bytes_field(2, raw);
}

// "2023-11-14T22:13:20.000005Z"
std::string time_message(std::string_view s) {
  if (s.empty()) return "";
  const auto at = [s](size_t from, size_t n) {
    return static_cast<int>(text::parse_int(s.substr(from, n)).value());
  };
  using namespace std::chrono;
  const auto date =
      year(at(0, 4)) / month(unsigned(at(5, 2))) / day(static_cast<unsigned>(at(8, 2)));
  const int64_t seconds = sys_days(date).time_since_epoch().count() * int64_t{86400} +
                          at(11, 2) * 3600 + at(14, 2) * 60 + at(17, 2);
  std::string out = number_field(1, uint64_t(seconds));
  if (s[19] == '.') out += number_field(2, uint64_t(at(20, 6)) * 1000);
  return out;
}

std::string message_of(const Json& object, const WireMessage& message);

std::string field_of(const Json& v, const WireField& f, uint32_t number) {
  if (f.message()) return bytes_field(number, message_of(v, *wire_message(f.type)));
  switch (f.type.front()) {
    case 's': return bytes_field(number, v.str());
    case 'y': return bytes_field(number, crypto::base64_decode(v.str()).value());
    case 'b': return number_field(number, v.boolean());
    case 'i':
    case 'l': return number_field(number, uint64_t(v.integer()));
    case 'd':
      return varint(uint64_t{number} << 3 | 1) + eight_bytes(std::bit_cast<uint64_t>(v.real()));
    case 't':
    case 'u': return bytes_field(number, time_message(v.str()));
    case 'o':
      return bytes_field(number, v.is_string() ? number_field(1, 1) + bytes_field(3, v.str())
                                               : number_field(2, uint64_t(v.integer())));
    case 'q': return bytes_field(number, bytes_field(1, v.str()));
    case 'r': return bytes_field(number, bytes_field(1, to_text(v)));
    default: return "";
  }
}

std::string message_of(const Json& object, const WireMessage& message) {
  std::string out;
  for (const WireField& f : message.fields) {
    if (f.inlined) {
      out += bytes_field(f.number, message_of(object, *wire_message(f.type)));
      continue;
    }
    const Json* v = object.find(f.name);
    if (!v) continue;
    if (f.map) {
      for (const Json::Member& m : v->members())
        out += bytes_field(
            f.number, bytes_field(1, m.key) + (m.value.is_null() ? "" : field_of(m.value, f, 2)));
    } else if (f.list) {
      for (const Json& item : v->items()) out += field_of(item, f, f.number);
    } else {
      out += field_of(*v, f, f.number);
    }
  }
  return out;
}

struct Kind {
  std::string api_version, kind;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"v1", "Pod"},
                                        {"v1", "Service"},
                                        {"v1", "Secret"},
                                        {"v1", "ConfigMap"},
                                        {"v1", "Node"},
                                        {"v1", "Event"},
                                        {"v1", "Namespace"},
                                        {"apps/v1", "Deployment"},
                                        {"networking.k8s.io/v1", "Ingress"},
                                        {"discovery.k8s.io/v1", "EndpointSlice"},
                                        {"coordination.k8s.io/v1", "Lease"},
                                        {"v1", "DeleteOptions"}};
  return all;
}

void check(std::string_view bytes) {
  const Reply<Json> read = decode_protobuf(bytes);
  if (!read) {
    GP_ASSERT(read.error().code >= 400 && read.error().code < 500);
    GP_ASSERT(!read.error().message.empty());
    return;
  }
  GP_ASSERT(read->is_object());
  const std::string text = to_text(*read);
  const std::string_view version = (*read)["apiVersion"].str(), kind = (*read)["kind"].str();
  const size_t slash = version.find('/');
  const bool core = slash == std::string_view::npos;
  const WireMessage* message =
      kind.empty() ? wire_message("meta.v1.DeleteOptions")
                   : wire_message(wire_name(core ? "" : version.substr(0, slash),
                                            version.substr(core ? 0 : slash + 1), kind));
  if (!message) return;  // options that name a kind of their own
  const std::string again = kind.empty()
                                ? unknown("v1", "DeleteOptions", message_of(*read, *message))
                                : unknown(version, kind, message_of(*read, *message));
  const Reply<Json> back = decode_protobuf(again);
  GP_ASSERT(back && to_text(*back) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t which = data[0];
  if (which >= kinds().size()) {
    check(bytes);
  } else {
    check(unknown(kinds()[which].api_version, kinds()[which].kind, bytes));
  }
  return 0;
}
