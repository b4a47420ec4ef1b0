#include "engine/providers/kube_json.h"

namespace gateproof::providers {

using config::Value;

namespace {

void write(std::string& out, const Value& v);

void write_members(std::string& out, const Value& v, std::string_view skip) {
  bool first = true;
  for (const Value::Member& m : v.members) {
    if (m.key == skip) continue;
    if (!std::exchange(first, false)) out += ',';
    out += json_text(m.key) + ":";
    write(out, m.value);
  }
}

void write(std::string& out, const Value& v) {
  switch (v.kind) {
    case Value::null: out += "null"; return;
    case Value::scalar: out += v.quoted ? json_text(v.text) : v.text; return;
    case Value::sequence:
      out += '[';
      for (size_t i = 0; i < v.items.size(); ++i) {
        if (i > 0) out += ',';
        write(out, v.items[i]);
      }
      out += ']';
      return;
    case Value::mapping:
      out += '{';
      write_members(out, v, "");
      out += '}';
  }
}

}  // namespace

std::string json_text(std::string_view s) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20) {
      out += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_of(const Value& v) {
  std::string out;
  write(out, v);
  return out;
}

std::string json_with_status(const Value& object, std::string_view status) {
  std::string out = "{";
  write_members(out, object, "status");
  if (out.size() > 1) out += ',';
  return out.append("\"status\":").append(status) + "}";
}

}  // namespace gateproof::providers
