#include "engine/sim/wire_client.h"

#include "engine/http/h1_parser.h"
#include "engine/tls/stream.h"

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

Task<WireAnswer> wire_exchange(std::unique_ptr<Stream> stream, std::string bytes,
                               bool head_request) {
  WireAnswer a = co_await wire_exchange(*stream, std::move(bytes), head_request);
  stream->close();
  co_return a;
}

Task<WireAnswer> secure_exchange(std::unique_ptr<Stream> stream, Request request,
                                 const Clock& clock) {
  const TlsClient& how = request.tls_client;
  tls::ClientSettings settings;
  settings.insecure_skip_verify = true;
  settings.min_version = how.min_version;
  settings.max_version = how.max_version;
  settings.cipher_suites = how.cipher_suites;
  if (!how.certificate.empty()) settings.certificates = {{how.certificate, how.key}};
  WireAnswer failed;
  failed.keep_alive = false;
  const auto context = tls::ClientContext::make(settings);
  if (!context) {
    failed.error = context.error().message;
    co_return failed;
  }
  std::string name = how.server_name.value_or(std::string(split_host_port(request.host).host));
  if (name.empty()) name = "0.0.0.0";  // an address: no name is sent
  auto inside = std::make_unique<tls::TlsStream>(std::move(stream), *context, std::move(name),
                                                 how.alpn, clock.wall_ns());
  const Result<void> done = co_await inside->handshake(instant_max);
  if (!done) {
    failed.error = done.error().message;
    co_return failed;
  }
  auto state = std::make_shared<const http::TlsState>(inside->session().state());
  WireAnswer a = co_await wire_exchange(*inside, wire_bytes(request), request.method == "HEAD");
  // A refusal of TLS 1.3 comes behind the client's handshake.
  if (!a.error.empty() && !inside->session().error().message.empty())
    a.error = inside->session().error().message;
  inside->close();
  a.tls = std::move(state);
  co_return a;
}

}  // namespace gateproof::sim
