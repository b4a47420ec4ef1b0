// JSON text to values and back. The grammar is nlohmann's; the values are ours.
#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/base/utf8.h"
#include "engine/kubernetes/cluster/json.h"

namespace gateproof::kubernetes::cluster {

namespace {

class Builder {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  Json take() { return std::move(root_); }
  const std::optional<Error>& error() const { return error_; }

  bool null() { return put(Json()); }
  bool boolean(bool b) { return put(Json(b)); }
  bool number_integer(int64_t i) { return put(Json(i)); }
  bool number_unsigned(uint64_t u) {
    return put(u <= uint64_t(INT64_MAX) ? Json(u) : Json(double(u)));
  }
  bool number_float(double d, const std::string&) { return put(Json(d)); }
  bool string(std::string& s) { return put(Json(std::string_view(s))); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(size_t) { return open(true); }
  bool start_array(size_t) { return open(false); }
  bool key(std::string& k) {
    open_.back().keys.push_back(std::move(k));
    return true;
  }
  bool end_object() {
    Frame f = std::move(open_.back());
    open_.pop_back();
    std::vector<Json::Member> members(f.values.size());
    for (size_t i = 0; i < members.size(); ++i)
      members[i] = {std::move(f.keys[i]), std::move(f.values[i])};
    return settle(Json::object_of(std::move(members)));
  }
  bool end_array() {
    Frame f = std::move(open_.back());
    open_.pop_back();
    return settle(Json::array_of(std::move(f.values)));
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& e) {
    std::string_view what =
        e.what();  // "[json.exception.parse_error.101] parse error at ...: text"
    if (const size_t close = what.find("] "); close != std::string_view::npos)
      what.remove_prefix(close + 2);
    // The last bytes read may be any bytes; a message has to be text.
    std::string text;
    for (const char c : what) text += static_cast<unsigned char>(c) < 0x80 ? c : '?';
    error_.emplace(Code::invalid, "byte " + std::to_string(position) + ": " + text);
    return false;
  }

 private:
  struct Frame {
    bool object;
    std::vector<std::string> keys;
    std::vector<Json> values;
  };

  bool open(bool object) {
    if (open_.size() == limits_.depth_max) {
      error_.emplace(Code::limit,
                     "JSON is nested deeper than " + std::to_string(limits_.depth_max) + " levels");
      return false;
    }
    open_.push_back({object, {}, {}});
    return count();
  }
  bool count() {
    if (++nodes_ <= limits_.nodes_max) return true;
    error_.emplace(Code::limit,
                   "JSON has more than " + std::to_string(limits_.nodes_max) + " values");
    return false;
  }
  bool put(Json v) { return count() && settle(std::move(v)); }
  bool settle(Json v) {
    if (open_.empty()) {
      root_ = std::move(v);
    } else {
      open_.back().values.push_back(std::move(v));
    }
    return true;
  }

  const JsonLimits& limits_;
  std::vector<Frame> open_;
  size_t nodes_ = 0;
  Json root_;
  std::optional<Error> error_;
};

// Bytes that are no UTF-8 (of a query that a message repeats, or where a text was cut) become U+FFFD, as Go's encoder has it.
void append_string(std::string& out, std::string_view s) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (std::all_of(s.begin(), s.end(), plain)) {
    out += '"';
    out.append(s) += '"';
    return;
  }
  if (!text::is_utf8(s)) return append_string(out, text::mended_utf8(s));
  out += '"';
  size_t from = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(s, from, i - from);
    from = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: {
        constexpr char digits[] = "0123456789abcdef";
        out += "\\u00";
        out += digits[c >> 4];
        out += digits[c & 15];
      }
    }
  }
  out.append(s, from);
  out += '"';
}

// As Go's encoder: shortest digits, an exponent only outside 1e-6 .. 1e21.
void append_real(std::string& out, double d) {
  char buffer[64];
  const double size = std::abs(d);
  const auto style = d != 0 && (size < 1e-6 || size >= 1e21) ? std::chars_format::scientific
                                                             : std::chars_format::fixed;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, d, style);
  const std::string_view text(buffer, size_t(end.ptr - buffer));
  constexpr double exact_max = 9007199254740992.0;  // 2^53
  if (style != std::chars_format::fixed || size < exact_max) {
    out += text;
    return;
  }
  // Shortest digits, then zeros; std::to_chars writes every digit that the binary number has.
  char shortest[64];
  const auto stop =
      std::to_chars(shortest, shortest + sizeof shortest, d, std::chars_format::scientific);
  std::string digits;
  for (const char* c = shortest; c != stop.ptr && *c != 'e'; ++c) {
    if (*c != '.') digits += *c;
  }
  digits.resize(text.size(), '0');
  out += digits;
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max)
    return Error(Code::limit, "JSON of more than " + std::to_string(limits.bytes_max) + " bytes");
  Builder builder(limits);
  if (nlohmann::json::sax_parse(text, &builder)) return builder.take();
  if (builder.error()) return *builder.error();
  return Error(Code::invalid, "this is no JSON");
}

void append_text(std::string& out, const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: out += "null"; break;
    case Json::Kind::boolean: out += value.boolean() ? "true" : "false"; break;
    case Json::Kind::integer: {
      char buffer[24];
      out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value.integer()).ptr);
      break;
    }
    case Json::Kind::real: append_real(out, value.real()); break;
    case Json::Kind::string: append_string(out, value.str()); break;
    case Json::Kind::array: {
      char before = '[';
      for (const Json& i : value.items()) {
        out += before;
        before = ',';
        append_text(out, i);
      }
      out += before == '[' ? "[]" : "]";
      break;
    }
    case Json::Kind::object: {
      char before = '{';
      for (const Json::Member& m : value.members()) {
        out += before;
        before = ',';
        append_string(out, m.key);
        out += ':';
        append_text(out, m.value);
      }
      out += before == '{' ? "{}" : "}";
      break;
    }
  }
}

std::string to_text(const Json& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace gateproof::kubernetes::cluster
