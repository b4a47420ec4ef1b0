#include "engine/http/h1_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>

#include "engine/http/date.h"

namespace gateproof::http {
namespace {

constexpr HeaderName kHost("Host"), kContentLength("Content-Length"),
    kTransferEncoding("Transfer-Encoding"), kConnection("Connection"), kDate("Date");

void append_number(std::string& out, uint64_t n, int base = 10) {
  char text[20];
  const auto end = std::to_chars(text, text + sizeof text, n, base).ptr;
  out.append(text, end);
}

// Whether any byte is below 14 (CR, LF and NUL are, HTAB too), eight at a time: values are long and almost always harmless.
bool has_low_byte(std::string_view s) {
  constexpr uint64_t ones = 0x0101010101010101ull;
  constexpr uint64_t limit = 14;
  const auto any_low = [](const char* at) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    return ((word - ones * limit) & ~word & (ones * 0x80)) != 0;
  };
  if (s.size() < 8)
    return std::any_of(s.begin(), s.end(),
                       [](char c) { return static_cast<unsigned char>(c) < limit; });
  for (size_t i = 0; i + 8 < s.size(); i += 8) {
    if (any_low(s.data() + i)) return true;
  }
  return any_low(s.data() + s.size() - 8);  // over the end of the one before it
}

// CR, LF and NUL would end the line or be read in two ways: such bytes are not written.
void append_safe(std::string& out, std::string_view value) {
  if (!has_low_byte(value)) {
    out += value;
    return;
  }
  for (char c : value) {
    if (c != '\r' && c != '\n' && c != '\0') out += c;
  }
}

// A start line's part: no blank may get in, else the line would have four parts.
void append_word(std::string& out, std::string_view word) {
  const auto fits = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  if (std::all_of(word.begin(), word.end(), fits)) {
    out += word;
    return;
  }
  std::copy_if(word.begin(), word.end(), std::back_inserter(out), fits);
}

// A short text is copied by two words that may overlap, instead of a call.
[[gnu::always_inline]] inline char* put_text(char* at, std::string_view s) {
  const size_t n = s.size();
  const auto ends = [&]<class Word>(Word) {
    Word first, last;
    std::memcpy(&first, s.data(), sizeof first);
    std::memcpy(&last, s.data() + n - sizeof last, sizeof last);
    std::memcpy(at, &first, sizeof first);
    std::memcpy(at + n - sizeof last, &last, sizeof last);
    return at + n;
  };
  if (n > 32) return std::copy(s.begin(), s.end(), at);
  if (n >= 16) return ends(std::array<uint64_t, 2>());
  if (n >= 8) return ends(uint64_t());
  if (n >= 4) return ends(uint32_t());
  for (char c : s) *at++ = c;
  return at;
}

// Field lines on their way into a buffer. Most are short and harmless, and are gathered for one append.
class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() { flush(); }

  void add(const Headers::Field& f) {
    if (f.sound) return put(f.name, f.value);
    if (!is_token(f.name)) return;  // a name that is none cannot be sent
    std::string_view value = f.value;
    // Blanks around it are no part of it (RFC 9110, 5.5).
    if (!value.empty() && (value.front() <= ' ' || value.back() <= ' ')) value = text::trim(value);
    if (!has_low_byte(value)) return put(f.name, value);
    flush();
    out_.append(f.name).append(": ");
    append_safe(out_, value);
    out_ += "\r\n";
  }

 private:
  void put(std::string_view name, std::string_view value) {
    const size_t size = name.size() + value.size() + 4;
    if (size > static_cast<size_t>(std::end(text_) - at_)) {
      flush();
      if (size > sizeof text_) {
        out_.append(name).append(": ").append(value).append("\r\n");
        return;
      }
    }
    at_ = put_text(at_, name);
    *at_++ = ':';
    *at_++ = ' ';
    at_ = put_text(at_, value);
    *at_++ = '\r';
    *at_++ = '\n';
  }
  void flush() {
    out_.append(text_, at_);
    at_ = text_;
  }

  std::string& out_;
  char text_[1024];
  char* at_ = text_;
};

bool is_framing(const Headers::Field& f) {
  return f.is(kHost) || f.is(kContentLength) || f.is(kTransferEncoding);
}

void append_fields(std::string& out, const Headers& fields, const auto& leaves_out) {
  Lines lines(out);
  for (const Headers::Field& f : fields) {
    if (!leaves_out(f)) lines.add(f);
  }
}

void append_length(std::string& out, uint64_t n) {
  out += "Content-Length: ";
  append_number(out, n);
  out += "\r\n";
}

constexpr std::string_view chunked_line = "Transfer-Encoding: chunked\r\n";

}  // namespace

void write_request_head(std::string& out, std::string_view method, std::string_view target,
                        std::string_view host, const Headers& headers,
                        std::optional<uint64_t> length, bool body_expected) {
  append_word(out, method);
  out += ' ';
  append_word(out, target.empty() ? std::string_view("/") : target);
  out += " HTTP/1.1\r\nHost: ";
  append_safe(out, host);
  out += "\r\n";
  append_fields(out, headers, is_framing);
  if (!length) {
    out += chunked_line;
  } else if (*length > 0 || body_expected) {
    append_length(out, *length);
  }
  out += "\r\n";
}

void write_response_head(std::string& out, const ResponseHead& head) {
  out += head.version == Version::http10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  append_number(out, static_cast<uint64_t>(head.status));
  out += ' ';
  const std::string_view reason = head.reason.empty() ? status_text(head.status) : head.reason;
  if (reason.empty()) {
    out += "status code ";  // as Go writes a code without a name
    append_number(out, static_cast<uint64_t>(head.status));
  } else {
    append_safe(out, reason);
  }
  out += "\r\n";
  const bool interim = head.status < 200;
  // A field with a length is only left where there is no body to contradict it (HEAD, 304); never in 1xx and 204.
  const bool keep_length = head.framing == Framing::none && !interim && head.status != 204;
  bool dated = false;
  if (head.headers) {
    append_fields(out, *head.headers, [&](const Headers::Field& f) {
      dated = dated || f.is(kDate);
      return f.is(kTransferEncoding) || (f.is(kContentLength) && !keep_length) ||
             (f.is(kConnection) && (head.close || head.keep_alive_10));
    });
  }
  if (!dated && !interim && head.wall_ns >= 0) {
    out.append("Date: ").append(http_date(head.wall_ns)).append("\r\n");
  }
  if (head.framing == Framing::length) append_length(out, head.length);
  if (head.framing == Framing::chunked) out += chunked_line;
  if (head.close && head.version != Version::http10) out += "Connection: close\r\n";
  if (head.keep_alive_10 && !head.close) out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

void write_chunk_size(std::string& out, size_t n) {
  append_number(out, n, 16);
  out += "\r\n";
}

void write_last_chunk(std::string& out, const Headers* trailers) {
  out += "0\r\n";
  if (trailers) {
    // Framing fields have no meaning after the body, and a reader might merge them into the head.
    append_fields(out, *trailers, is_framing);
  }
  out += "\r\n";
}

}  // namespace gateproof::http
