// The server side of the HTTP/1.1 codec.
#include "engine/http/h1_codec.h"

namespace gateproof::http::h1 {

using Field = boost::beast::http::field;

struct RequestParser::Impl {
  explicit Impl(const Limits& l) : limits(l) {}

  Limits limits;
  RequestHead head;
  Headers trailers;
  Failure failure;
  HeadScanner scanner;
  BodyCursor cursor;
  FramingFields framing;
  std::string_view text;  // the head that Beast is reading
  std::string patched;    // a start line that Beast would not take but that is legal
  size_t fields = 0;
  size_t hosts = 0;
  bool any_expect = false;
  bool head_done = false;
  bool failed = false;
  bool post = false, was_post = false;  // this request's method is POST; the one before it was
  bool at_end = false;
  std::optional<BeastParser<true, Impl>> parser;  // absent behind a plain head, but for chunks
  PlainBody body;

  bool start_line(std::string_view method, std::string_view target, int version);
  bool field(Field f, std::string_view name, std::string_view value);
  bool trailer_field(Field f, std::string_view name, std::string_view value);
  bool head_field(const KnownField& known, std::string_view name, std::string_view value);
  bool take_head(const PlainHead& plain);
  Step fail(int status, std::string_view text, std::string_view why) {
    if (!failed) failure = {status, text, why};
    failed = true;
    return {Event::error, 0, {}};
  }
  bool refuse(int status, std::string_view text, std::string_view why) {
    fail(status, text, why);
    return false;
  }
  Step parse_head(std::string_view input);
  Step classify(boost::beast::error_code ec, std::string_view rest);
  Step finish_head(size_t consumed);
  void reset();
};

bool RequestParser::Impl::start_line(std::string_view method, std::string_view target,
                                     int version) {
  head.method.assign(method);
  head.target.assign(target);
  head.version = version == 10 ? Version::http10 : Version::http11;
  return true;
}

bool RequestParser::Impl::trailer_field(Field f, std::string_view name, std::string_view value) {
  if (!on_one_line(name, value, text)) return refuse(400, {}, "folded trailer field");
  if (f == Field::content_length || f == Field::transfer_encoding || f == Field::host) {
    return refuse(400, {}, "framing field in the trailers");
  }
  trailers.add_canonical(name, value);
  return true;
}

bool RequestParser::Impl::field(Field f, std::string_view name, std::string_view value) {
  if (head_done) return trailer_field(f, name, value);
  if (!on_one_line(name, value, text)) return refuse(400, {}, "folded field line");
  return head_field(known_field(f), name, value);
}

// A line that was found to be legal.
bool RequestParser::Impl::head_field(const KnownField& known, std::string_view name,
                                     std::string_view value) {
  if (++fields > limits.fields_max) return refuse(431, {}, "too many field lines");
  switch (known.field) {
    case Field::host:
      if (++hosts > 1) return refuse(400, {}, "more than one Host line");
      head.host.assign(value);
      return true;
    case Field::transfer_encoding: framing.transfer_encoding(value); return true;
    case Field::trailer: return true;  // ours is made from the trailers that come
    case Field::content_length:
      framing.content_length(value);
      if (framing.bad_length) return refuse(400, {}, "invalid or repeated Content-Length");
      break;
    case Field::connection: framing.connection(value); break;
    case Field::upgrade: framing.upgrade_field = !value.empty(); break;
    case Field::expect:
      any_expect = any_expect || !value.empty();
      if (text::iequals(value, "100-continue")) head.expect = Expect::continue_100;
      break;
    default: break;
  }
  if (limits.verbatim) {
    head.headers.add(name, value);
  } else if (known.field != Field::unknown) {
    head.headers.add_field({known.name.text, head.headers.keep(value), known.name.hash, true});
  } else {
    head.headers.add_sound_canonical(name, value);
  }
  return true;
}

bool RequestParser::Impl::take_head(const PlainHead& plain) {
  start_line(plain.method, plain.target, plain.version);
  const std::span<const PlainHead::Line> lines(plain.lines.data(), plain.count);
  return std::all_of(lines.begin(), lines.end(), [this](const PlainHead::Line& l) {
    return head_field(*l.known, l.name(), l.value());
  });
}

// Beast says only that it stopped; Go's answers depend on why.
Step RequestParser::Impl::classify(boost::beast::error_code ec, std::string_view rest) {
  using boost::beast::http::error;
  if (failed) return {Event::error, 0, {}};
  if (ec == error::bad_version) return fail(400, {}, "malformed HTTP version");
  if (ec == error::bad_method) return fail(400, {}, "malformed request line or method");
  if (ec == error::bad_target) return fail(400, {}, "malformed request target");
  if (framing.bad_coding) return fail(501, {}, "unsupported transfer coding");
  if (ec == error::bad_transfer_encoding && framing.chunked)
    return fail(501, {}, "repeated Transfer-Encoding");
  if (ec == error::bad_transfer_encoding)
    return fail(400, {}, "Transfer-Encoding beside Content-Length");
  if (ec == error::bad_content_length || ec == error::multiple_content_length) {
    return fail(400, {}, "invalid Content-Length, or beside Transfer-Encoding");
  }
  if (ec == error::bad_field) {
    // Go takes blanks inside a name for a bad name, and everything else for a malformed line.
    const std::string_view name = rest.substr(0, rest.find_first_of(":\r"));
    const bool named = name.size() < rest.size() && rest[name.size()] == ':';
    const bool blanks = name.find(' ') != std::string_view::npos && !name.starts_with(' ');
    const bool other = std::any_of(name.begin(), name.end(), [](char c) {
      return c != ' ' && !is_token({&c, 1});
    });
    if (named && blanks && !other) return fail(400, "invalid header name", "blank in a field name");
    return fail(400, {}, "malformed field line");
  }
  return fail(400, {}, "malformed field value");
}

Step RequestParser::Impl::parse_head(std::string_view input) {
  // RFC 9112 section 2.2: an empty line before the request line is read over, and two of them behind a POST, as in Go.
  constexpr std::string_view empty_line = "\r\n";
  const size_t skipped_max = (was_post ? 2 : 1) * empty_line.size();
  size_t skipped = 0;
  while (skipped < skipped_max && input.starts_with(empty_line)) {
    input.remove_prefix(empty_line.size());
    skipped += empty_line.size();
  }
  if (skipped < skipped_max && empty_line.starts_with(input)) return {};
  size_t end = 0;
  const std::string_view window = input.substr(0, limits.head_bytes_max);
  const HeadScanner::Found found = scanner.find(window, end);
  if (found == HeadScanner::Found::bare_lf)
    return fail(400, {}, "line feed without carriage return");
  if (found == HeadScanner::Found::no) {
    if (input.size() > limits.head_bytes_max) return fail(431, {}, "request head too large");
    return {};
  }
  text = input.substr(0, end);
  const size_t line_end = text.find('\r');
  if (line_end > limits.start_line_bytes_max) return fail(414, {}, "request line too long");
  if (PlainHead plain; read_plain_request(text, plain)) {
    if (!take_head(plain)) return {Event::error, 0, {}};
    return finish_head(end + skipped);
  }
  parser.emplace(*this);
  boost::beast::error_code ec;
  size_t at = 0;
  const std::string_view version = text.substr(line_end < 8 ? 0 : line_end - 8, 8);
  if (version.starts_with("HTTP/") && text::is_digit(version[5]) && version[6] == '.' &&
      text::is_digit(version[7]) && version[5] != '1') {
    return fail(505, "unsupported protocol version", "unsupported protocol version");
  }
  if (version.starts_with("HTTP/1.") && version[7] >= '2' && version[7] <= '9') {
    // RFC 9110 section 2.5: a higher minor version is read as the highest one known. Beast refuses it.
    patched.assign(text.substr(0, line_end + 2));
    patched[line_end - 1] = '1';
    parser->put({patched.data(), patched.size()}, ec);
    if (ec != boost::beast::http::error::need_more) return classify(ec, text);
    at = patched.size();
  }
  at += parser->put({text.data() + at, text.size() - at}, ec);
  if (ec) return classify(ec, text.substr(at));
  return finish_head(end + skipped);
}

Step RequestParser::Impl::finish_head(size_t consumed) {
  if (framing.bad_coding) return fail(501, {}, "unsupported transfer coding");
  if (framing.chunked && head.version == Version::http10)
    return fail(400, {}, "Transfer-Encoding in HTTP/1.0");
  if (framing.chunked && framing.length_known)
    return fail(400, {}, "both Transfer-Encoding and Content-Length");
  Result<Target> parts = parse_target(head.method, head.target);
  if (!parts && limits.verbatim) {
    Target whole;
    whole.path = head.target;
    parts = whole;
  }
  if (!parts) return fail(400, {}, "malformed request target");
  head.parts = *parts;
  head.has_host = hosts == 1;
  if (!head.has_host && head.version == Version::http11) {
    return fail(400, "missing required Host header", "no Host line");
  }
  if (!is_authority(head.host)) return fail(400, "malformed Host header", "malformed Host");
  if (!head.parts.authority.empty()) head.host.assign(head.parts.authority);
  head.body = framing.chunked      ? BodyKind::chunked
              : framing.length > 0 ? BodyKind::length
                                   : BodyKind::none;
  head.length = framing.length;
  head.keep_alive =
      head.version == Version::http11 ? !framing.close : framing.keep_alive && !framing.close;
  head.upgrade = framing.upgrade_token && framing.upgrade_field && head.version == Version::http11;
  if (any_expect && head.expect == Expect::none) head.expect = Expect::other;
  // Go's server: an old client's Pragma is made a Cache-Control.
  if (head.headers.get("Pragma") == "no-cache" && !head.headers.has("Cache-Control")) {
    head.headers.add_static("Cache-Control", "no-cache");
  }
  cursor.chunked = framing.chunked;
  body.left = framing.length;
  if (framing.chunked && !parser) parser.emplace(*this).begin_chunks();
  post = head.method == "POST";
  head_done = true;
  return {Event::head, consumed, {}};
}

void RequestParser::Impl::reset() {
  was_post = std::exchange(post, false);
  head.headers.clear();
  head.method.clear();
  head.target.clear();
  head.host.clear();
  head.parts = {};
  head.expect = Expect::none;
  trailers.clear();
  scanner.reset();
  cursor.reset();
  framing = {};
  fields = hosts = 0;
  any_expect = head_done = failed = at_end = false;
  parser.reset();
}

RequestParser::RequestParser(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

Step RequestParser::parse(std::string_view input) {
  Impl& i = *impl_;
  if (i.failed) return {Event::error, 0, {}};
  if (!i.head_done) return i.parse_head(input);
  if (i.cursor.chunked) i.text = input;
  const Step step = i.parser
                        ? parse_body(*i.parser, i.cursor, i.limits, input,
                                     [&i](std::string_view why) { return i.fail(400, {}, why); })
                        : parse_body(i.body, input);
  if (step.event == Event::end) i.at_end = true;
  return step;
}

void RequestParser::reset() { impl_->reset(); }
RequestHead& RequestParser::head() { return impl_->head; }
const Headers& RequestParser::trailers() const { return impl_->trailers; }
const Failure& RequestParser::error() const { return impl_->failure; }
bool RequestParser::done() const { return impl_->at_end; }

}  // namespace gateproof::http::h1
