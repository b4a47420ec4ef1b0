#include "engine/http/h1_codec.h"

#include <charconv>

#include "engine/base/text.h"

namespace gateproof::http::h1 {

namespace {

bool is_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), text::is_digit);
}

}  // namespace

HeadScanner::Found HeadScanner::find(std::string_view input, size_t& end) {
  while (from_ < input.size()) {
    const void* lf = std::memchr(input.data() + from_, '\n', input.size() - from_);
    if (!lf) {
      from_ = input.size();
      return Found::no;
    }
    const size_t at = static_cast<size_t>(static_cast<const char*>(lf) - input.data());
    if (at == 0 || input[at - 1] != '\r') return Found::bare_lf;
    from_ = at + 1;
    if (at >= 3 && input[at - 2] == '\n' && input[at - 3] == '\r') {
      end = from_;
      return Found::yes;
    }
  }
  return Found::no;
}

void FramingFields::connection(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = value.find(',');
    const std::string_view token = text::trim(value.substr(0, comma));
    if (text::iequals(token, "close")) close = true;
    if (text::iequals(token, "keep-alive")) keep_alive = true;
    if (text::iequals(token, "upgrade")) upgrade_token = true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
}

void FramingFields::content_length(std::string_view value) {
  uint64_t n = 0;
  const auto r = std::from_chars(value.data(), value.data() + value.size(), n);
  if (length_known || !is_digits(value) || r.ec != std::errc() ||
      n > static_cast<uint64_t>(INT64_MAX)) {
    bad_length = true;
    return;
  }
  length_known = true;
  length = n;
}

void FramingFields::transfer_encoding(std::string_view value) {
  if (chunked || bad_coding || !text::iequals(value, "chunked")) {
    bad_coding = true;
    return;
  }
  chunked = true;
}

// Beast takes any byte inside a quoted string; line ends and other controls there are how chunk lines get read in two ways.
bool is_chunk_extension(std::string_view ext) { return is_field_value(ext); }

bool on_one_line(std::string_view name, std::string_view value, std::string_view head) {
  const std::less<> before;
  const char* from = name.data() + name.size();
  // Joined lines are in a buffer of Beast's, not in the input.
  if (before(value.data(), from) || before(head.data() + head.size(), value.data())) return false;
  return std::find(from, value.data(), '\r') == value.data();
}

size_t BodyCursor::padding(std::string_view input) const {
  if (!chunked || chunk_left > 0) return 0;
  size_t digits = first_chunk ? 0 : 2;
  while (digits < input.size() && text::hex_value(input[digits]) >= 0) ++digits;
  size_t end = digits;
  while (end < input.size() && is_blank(input[end])) ++end;
  return end < input.size() && input[end] == '\r' ? end - digits : 0;
}

bool BodyCursor::count(size_t line_bytes, uint64_t data_bytes) {
  constexpr int64_t per_line = 16, enough = chunk_excess_bytes_max * 2;
  const auto data = static_cast<int64_t>(std::min<uint64_t>(data_bytes, enough));
  excess =
      std::max<int64_t>(0, excess + static_cast<int64_t>(line_bytes) + 2 - per_line - 2 * data);
  return excess <= chunk_excess_bytes_max;
}

std::optional<size_t> BodyCursor::line(std::string_view input, const Limits& limits) {
  const size_t start = first_chunk ? 0 : 2;  // the CRLF that ends the chunk before
  if (input.size() <= start) return 0;
  if (start && !input.starts_with("\r\n")) return std::nullopt;
  const std::string_view rest = input.substr(start);
  const size_t lf = rest.find('\n');
  if (lf == std::string_view::npos)
    return rest.size() > limits.chunk_line_bytes_max ? std::nullopt : std::optional<size_t>(0);
  if (lf + 1 > limits.chunk_line_bytes_max || lf == 0 || rest[lf - 1] != '\r') return std::nullopt;
  const size_t digits = std::min(rest.find_first_not_of('0'), rest.size());
  const bool last = digits > 0 && text::hex_value(rest[digits]) < 0;
  if (last && std::string_view("\r; \t").find(rest[digits]) == std::string_view::npos)
    return std::nullopt;
  if (!last) return start + lf + 1;
  // The last chunk: Beast wants it whole, with its trailers and the empty line.
  const size_t trailers = lf + 1;
  for (size_t at = std::max(scanned, trailers);;) {
    const size_t next = rest.find('\n', at);
    if (next == std::string_view::npos) {
      scanned = rest.size();
      return rest.size() > trailers + limits.trailer_bytes_max + 2 ? std::nullopt
                                                                   : std::optional<size_t>(0);
    }
    if (rest[next - 1] != '\r') return std::nullopt;
    if (rest[next - 2] == '\n') {
      if (next - 1 > trailers + limits.trailer_bytes_max) return std::nullopt;
      return start + next + 1;
    }
    at = next + 1;
  }
}

std::string Failure::answer() const {
  const std::string code = std::to_string(status);
  std::string line = code + " " + std::string(status_text(status));
  std::string body = line;
  if (status == 501) {
    body = "Unsupported transfer encoding";  // Go does not repeat the code here
  } else if (!text.empty()) {
    line += ": " + std::string(text);
    body = line;
  }
  return "HTTP/1.1 " + line +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace gateproof::http::h1
