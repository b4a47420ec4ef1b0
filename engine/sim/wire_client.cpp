#include "engine/sim/wire_client.h"

#include "engine/http/h1_parser.h"

namespace gateproof::sim {

std::string wire_bytes(const Request& r) {
  if (!r.raw.empty()) return r.raw;
  std::string out = r.method + " " + r.target +
                    (r.version == http::Version::http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  if (r.has_host) out += "Host: " + r.host + "\r\n";
  for (const auto& [name, value] : r.headers) out += name + ": " + value + "\r\n";
  if (r.chunked) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", r.body.size());
    out += "Transfer-Encoding: chunked\r\n\r\n";
    if (!r.body.empty()) out += size + r.body + "\r\n";
    return out + "0\r\n\r\n";
  }
  if (!r.body.empty()) out += "Content-Length: " + std::to_string(r.body.size()) + "\r\n";
  return out + "\r\n" + r.body;
}

Task<WireAnswer> wire_exchange(Stream& stream, std::string bytes, bool head_request) {
  using http::h1::Event;
  WireAnswer a;
  std::vector<std::string_view> pieces = {bytes};
  const Result<void> sent = co_await write_all(stream, std::move(pieces), instant_max);
  if (!sent) a.error = sent.error().message;
  http::h1::ResponseParser parser;
  parser.reset(head_request);
  std::string in;
  std::vector<char> buffer(65536);
  for (;;) {
    const http::h1::Step step = parser.parse(in);
    if (step.event == Event::body) a.body += step.data;
    in.erase(0, step.consumed);
    if (step.event == Event::head) {
      http::h1::ResponseHead& h = parser.head();
      if (h.status < 200 && h.status != 101) {
        parser.reset(head_request);
        continue;
      }
      a.status = h.status;
      a.reason = h.reason;
      a.keep_alive = h.keep_alive;
      for (const auto& f : h.headers) a.headers.emplace_back(f.name, f.value);
      if (h.body == http::h1::BodyKind::chunked)
        a.headers.emplace_back("Transfer-Encoding", "chunked");
      if (h.status == 101) co_return a;
    }
    if (step.event == Event::end) break;
    if (step.event == Event::error) {
      a.error = std::string(parser.error().why);
      co_return a;
    }
    if (step.event != Event::need_more) continue;
    const Result<size_t> n = co_await read_some(stream, buffer, instant_max);
    if (!n || *n == 0) {
      a.keep_alive = false;
      if (!n || parser.finish().event != Event::end)
        a.error = "connection closed before the end of the answer";
      break;
    }
    in.append(buffer.data(), *n);
  }
  for (const auto& f : parser.trailers()) a.trailers.emplace_back(f.name, f.value);
  co_return a;
}

}  // namespace gateproof::sim
