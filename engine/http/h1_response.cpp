// The client side of the HTTP/1.1 codec: what a server answers.
#include "engine/http/h1_codec.h"

namespace gateproof::http::h1 {

using Field = boost::beast::http::field;

struct ResponseParser::Impl {
  explicit Impl(const Limits& l) : limits(l) {}

  Limits limits;
  ResponseHead head;
  Headers trailers;
  Failure failure;
  HeadScanner scanner;
  BodyCursor cursor;
  FramingFields framing;
  std::string_view text;
  std::string patched;
  size_t fields = 0;
  bool head_request = false;
  bool head_done = false;
  bool failed = false;
  bool at_end = false;
  std::optional<BeastParser<false, Impl>> parser;  // absent behind a plain head, but for chunks
  PlainBody body;

  bool start_line(int status, std::string_view reason, int version);
  bool field(Field f, std::string_view name, std::string_view value);
  bool head_field(const KnownField& known, std::string_view name, std::string_view value);
  bool take_head(const PlainHead& plain);
  void start_beast();
  Step fail(std::string_view why) {
    if (!failed) failure = {502, {}, why};
    failed = true;
    return {Event::error, 0, {}};
  }
  bool refuse(std::string_view why) {
    fail(why);
    return false;
  }
  Step parse_head(std::string_view input);
  Step parse_body_of(std::string_view input) {
    return parser ? parse_body(*parser, cursor, limits, input,
                               [this](std::string_view why) { return fail(why); })
                  : parse_body(body, input);
  }
  Step parse_padded(std::string_view input, size_t padding);
  void mend_head();
  Step finish_head(size_t consumed);
  void reset(bool for_head_request);
};

bool ResponseParser::Impl::start_line(int status, std::string_view reason, int version) {
  if (status < 100) return refuse("invalid status code");
  head.status = status;
  head.reason.assign(reason);
  head.version = version == 10 ? Version::http10 : Version::http11;
  return true;
}

bool ResponseParser::Impl::field(Field f, std::string_view name, std::string_view value) {
  if (!on_one_line(name, value, text)) return refuse("folded field line");
  if (head_done) {
    if (f == Field::content_length || f == Field::transfer_encoding)
      return refuse("framing field in the trailers");
    trailers.add_canonical(name, value);
    return true;
  }
  return head_field(known_field(f), name, value);
}

// A line that was found to be legal.
bool ResponseParser::Impl::head_field(const KnownField& known, std::string_view name,
                                      std::string_view value) {
  if (++fields > limits.fields_max) return refuse("too many field lines");
  switch (known.field) {
    case Field::transfer_encoding: framing.transfer_encoding(value); return true;
    case Field::content_length:
      framing.content_length(value);
      if (framing.bad_length) return refuse("invalid or repeated Content-Length");
      break;
    case Field::connection: framing.connection(value); break;
    case Field::upgrade: framing.upgrade_field = !value.empty(); break;
    default: break;
  }
  if (known.field != Field::unknown) {
    head.headers.add_field({known.name.text, head.headers.keep(value), known.name.hash, true});
  } else {
    head.headers.add_sound_canonical(name, value);
  }
  return true;
}

bool ResponseParser::Impl::take_head(const PlainHead& plain) {
  if (!start_line(plain.status, plain.reason, plain.version)) return false;
  const std::span<const PlainHead::Line> lines(plain.lines.data(), plain.count);
  return std::all_of(lines.begin(), lines.end(), [this](const PlainHead::Line& l) {
    return head_field(*l.known, l.name(), l.value());
  });
}

void ResponseParser::Impl::start_beast() {
  parser.emplace(*this);
  parser->skip(head_request);
}

// Forms that Beast refuses and servers send: a status line without the blank before an empty reason (taken by Go), a higher
// minor version (RFC 9110 section 2.5), and blanks between name and colon, which a proxy has to remove (RFC 9112 section 5.1).
// Not of a coding: whoever else reads this answer takes the line for an unknown field, and finds the end in another place.
void ResponseParser::Impl::mend_head() {
  patched.clear();
  bool first = true;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n') + 1;
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    const size_t colon = line.find(':');
    if (first && line.size() == 14 && line[12] == '\r') {
      patched.append(line.substr(0, 12)).append(" \r\n");
    } else if (!first && colon != std::string_view::npos && colon > 0) {
      size_t name_end = colon;
      while (name_end > 0 && is_blank(line[name_end - 1])) --name_end;
      if (name_end < colon && text::iequals(line.substr(0, name_end), "Transfer-Encoding"))
        refuse("blank behind the name of Transfer-Encoding");
      patched.append(line.substr(0, name_end)).append(line.substr(colon));
    } else {
      patched.append(line);
    }
    if (first && patched.starts_with("HTTP/1.") && patched[7] >= '2' && patched[7] <= '9')
      patched[7] = '1';
    first = false;
  }
}

Step ResponseParser::Impl::parse_head(std::string_view input) {
  size_t end = 0;
  const HeadScanner::Found found = scanner.find(input.substr(0, limits.head_bytes_max), end);
  if (found == HeadScanner::Found::bare_lf) return fail("line feed without carriage return");
  if (found == HeadScanner::Found::no) {
    if (input.size() > limits.head_bytes_max) return fail("response head too large");
    return {};
  }
  text = input.substr(0, end);
  if (text.find('\r') > limits.start_line_bytes_max) return fail("status line too long");
  if (PlainHead plain; read_plain_response(text, plain)) {
    if (!take_head(plain)) return {Event::error, 0, {}};
    return finish_head(end);
  }
  start_beast();
  boost::beast::error_code ec;
  parser->put({text.data(), text.size()}, ec);
  using boost::beast::http::error;
  if (ec && !failed &&
      (ec == error::bad_status || ec == error::bad_field || ec == error::bad_version)) {
    mend_head();
    if (!failed && patched != text) {
      text = patched;
      head.headers.clear();
      framing = {};
      fields = 0;
      start_beast();
      parser->put({text.data(), text.size()}, ec);
    }
  }
  if (ec) return fail("malformed response head");
  return finish_head(end);
}

Step ResponseParser::Impl::finish_head(size_t consumed) {
  if (framing.bad_coding) return fail("unsupported transfer coding");
  if (framing.chunked && framing.length_known)
    return fail("both Transfer-Encoding and Content-Length");
  if (framing.chunked && head.version == Version::http10)
    return fail("Transfer-Encoding in HTTP/1.0");
  head.upgrade = head.status == 101;
  if (head_request || !body_allowed(head.status)) {
    head.body = BodyKind::none;
  } else if (framing.chunked) {
    head.body = BodyKind::chunked;
  } else if (framing.length_known) {
    head.body = framing.length > 0 ? BodyKind::length : BodyKind::none;
  } else {
    head.body = BodyKind::until_close;
  }
  head.length = framing.length;
  body.left = head.body == BodyKind::length ? framing.length : 0;
  body.until_close = head.body == BodyKind::until_close;
  head.keep_alive =
      head.version == Version::http11 ? !framing.close : framing.keep_alive && !framing.close;
  if (head.body == BodyKind::until_close || head.upgrade) head.keep_alive = false;
  cursor.chunked = head.body == BodyKind::chunked;
  if (cursor.chunked && !parser) parser.emplace(*this).begin_chunks();
  head_done = true;
  return {Event::head, consumed, {}};
}

void ResponseParser::Impl::reset(bool for_head_request) {
  head_request = for_head_request;
  head.headers.clear();
  head.status = 0;
  head.reason.clear();
  trailers.clear();
  scanner.reset();
  cursor.reset();
  framing = {};
  fields = 0;
  head_done = failed = at_end = false;
  parser.reset();
}

// Servers of old pad the sizes of chunks with blanks, and every client takes them. One line, and the trailers behind the last.
Step ResponseParser::Impl::parse_padded(std::string_view input, size_t padding) {
  const std::optional<size_t> n = cursor.line(input, limits);
  if (!n) return fail("malformed or oversized chunk line");
  if (*n == 0) return {};
  const size_t end = input.find('\r', cursor.first_chunk ? 0 : 2);
  patched.assign(input.substr(0, end - padding)).append(input.substr(end, *n - end));
  text = patched;
  cursor.scanned = 0;
  Step step = parse_body_of(patched);
  if (step.consumed > 0) step.consumed += padding;
  return step;
}

ResponseParser::ResponseParser(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;
ResponseParser::~ResponseParser() = default;

void ResponseParser::reset(bool head_request) { impl_->reset(head_request); }

Step ResponseParser::parse(std::string_view input) {
  Impl& i = *impl_;
  if (i.failed) return {Event::error, 0, {}};
  if (!i.head_done) return i.parse_head(input);
  if (i.at_end) return {Event::end, 0, {}};
  if (i.cursor.chunked) i.text = input;
  const size_t padding = i.parser ? i.cursor.padding(input) : 0;
  const Step step = padding > 0 ? i.parse_padded(input, padding) : i.parse_body_of(input);
  if (step.event == Event::end) i.at_end = true;
  if (padding == 0 || step.event != Event::need_more || step.consumed == 0 ||
      step.consumed == input.size())
    return step;
  Step rest = parse(input.substr(step.consumed));  // what the line is about
  rest.consumed += step.consumed;
  return rest;
}

Step ResponseParser::finish() {
  Impl& i = *impl_;
  if (i.failed) return {Event::error, 0, {}};
  if (i.at_end) return {Event::end, 0, {}};
  const bool complete = i.head_done && (i.head.body == BodyKind::until_close ||
                                        (i.parser ? i.parser->finished : i.body.finished()));
  if (!complete) return i.fail("connection closed inside a message");
  i.at_end = true;
  return {Event::end, 0, {}};
}

ResponseHead& ResponseParser::head() { return impl_->head; }
const Headers& ResponseParser::trailers() const { return impl_->trailers; }
const Failure& ResponseParser::error() const { return impl_->failure; }
bool ResponseParser::done() const { return impl_->at_end; }

}  // namespace gateproof::http::h1
