#include "bindings/cpp/plugin_exchange.h"

#include "engine/http/url.h"

namespace gateproof::bindings {
namespace {

std::string field_name(const py::bytes& given) {
  std::string name = given;
  if (!http::is_token(name)) throw py::value_error("not the name of a header field: " + name);
  for (std::string_view fixed : {"Host", "Content-Length", "Transfer-Encoding"}) {
    if (text::iequals(name, fixed)) {
      throw py::value_error(std::string(fixed) + (fixed == "Host" ? " is request.host, no field"
                                                                  : " follows from the body"));
    }
  }
  return http::canonical_name(name);
}

std::string field_value(const py::bytes& given) {
  std::string value(text::trim(std::string_view(given)));
  if (!http::is_field_value(value)) throw py::value_error("a field's value has no line breaks");
  return value;
}

}  // namespace

void PluginExchange::enter(http::Exchange& x, const std::string& stage) {
  x_ = &x;
  stage_ = stage;
  looked_at_.clear();
}

void PluginExchange::leave() {
  if (x_) tell_looked_at();
  x_ = nullptr;
}

void PluginExchange::tell_looked_at() {
  if (!x_->trace || looked_at_.empty()) return;
  std::string all;
  for (const std::string& one : looked_at_) all += (all.empty() ? "" : ", ") + one;
  x_->note(stage_, "reads", std::move(all));
  looked_at_.clear();
}

http::Exchange& PluginExchange::x() {
  if (!x_) throw std::runtime_error("the plugin's method has returned: its request is gone");
  return *x_;
}

http::Headers& PluginExchange::headers(bool side) {
  return side == request ? x().request.headers : x().response.headers;
}

void PluginExchange::looked_at(std::string what) {
  if (!x().trace) return;
  if (std::find(looked_at_.begin(), looked_at_.end(), what) == looked_at_.end())
    looked_at_.push_back(std::move(what));
}

std::string PluginExchange::method() {
  looked_at("method");
  return x().request.method;
}

void PluginExchange::set_method(const py::bytes& method) {
  const std::string name = method;
  if (!http::is_token(name)) throw py::value_error("not a method: " + name);
  x().request.method = name;
}

std::string PluginExchange::target() {
  looked_at("target");
  return x().request.target();
}

// The same path rules as for a target that comes from a client (catalogue 1.5), so that nothing illegal is sent on.
void PluginExchange::set_target(const py::bytes& target) {
  const std::string whole = target;
  const size_t mark = whole.find('?');
  const std::string_view path = std::string_view(whole).substr(0, mark);
  const std::string_view query =
      mark == std::string::npos ? std::string_view() : std::string_view(whole).substr(mark + 1);
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '#'; };
  auto url = http::canonical_path(path, false);
  if (!path.starts_with('/') || !url || std::any_of(query.begin(), query.end(), bad))
    throw py::value_error("not a path with or without a query: " + whole);
  http::Request& r = x().request;
  r.url = std::move(*url);
  r.has_query = mark != std::string::npos;
  r.query = query;
}

std::string PluginExchange::host() {
  looked_at("host");
  return x().request.host;
}

void PluginExchange::set_host(const py::bytes& host) {
  const std::string name = host;
  if (!http::is_authority(name) || name.empty()) throw py::value_error("not a host: " + name);
  x().request.host = name;
}

std::string PluginExchange::scheme() { return x().tls ? "https" : "http"; }

std::string PluginExchange::client_ip() {
  looked_at("client's address");
  return x().peer.ip.to_string();
}

std::string PluginExchange::entry_point() { return std::string(x().entry_point); }
std::string PluginExchange::router() { return std::string(x().router); }

int64_t PluginExchange::now_ns() { return x().env->clock.now().time_since_epoch().count(); }

int PluginExchange::status() {
  looked_at("status");
  return x().response.status;
}

void PluginExchange::set_status(int status) {
  // An interim status is no answer, and 101 is an upgrade that only the server can agree to.
  if (status < 200 || status > 999) throw py::value_error("a status is 200 to 999");
  x().response.status = status;
  x().response.reason.clear();
}

std::vector<std::pair<std::string, std::string>> PluginExchange::header_lines(bool side) {
  looked_at(side == request ? "request headers" : "response headers");
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& f : headers(side)) out.emplace_back(f.name, f.value);
  return out;
}

std::vector<std::string> PluginExchange::header_values(bool side, const py::bytes& name) {
  const std::string wanted = name;
  looked_at((side == request ? "request header " : "response header ") +
            http::canonical_name(wanted));
  std::vector<std::string> out;
  for (const std::string_view v : headers(side).values(wanted)) out.emplace_back(v);
  return out;
}

void PluginExchange::set_header(bool side, const py::bytes& name, const py::bytes& value) {
  const std::string n = field_name(name);
  headers(side).set(n, field_value(value));
}

void PluginExchange::add_header(bool side, const py::bytes& name, const py::bytes& value) {
  const std::string n = field_name(name);
  headers(side).add(n, field_value(value));
}

bool PluginExchange::remove_header(bool side, const py::bytes& name) {
  return headers(side).remove(field_name(name)) > 0;
}

std::optional<std::string> PluginExchange::body(bool side) {
  looked_at(side == request ? "request body" : "response body");
  const http::Body& body = side == request ? x().request.body : x().response.body;
  if (body.empty()) return "";
  const bool asked = side == request ? request_body_ : response_body_;
  if (!asked || body.streaming()) return std::nullopt;
  return std::string(body.bytes());
}

void PluginExchange::set_body(bool side, const py::bytes& bytes) {
  headers(side).remove("Content-Length");
  std::string text = bytes;
  if (x().trace) {
    x().note(stage_, side == request ? "request body" : "response body",
             std::to_string(text.size()) + " bytes put in its place");
  }
  (side == request ? request_body_ : response_body_) = true;
  if (side == response) x().response.trailers.reset();
  (side == request ? x().request.body : x().response.body) = http::Body::text(std::move(text));
}

void PluginExchange::note(const std::string& text) {
  if (!x().trace) return;
  tell_looked_at();
  x().note(stage_, "decides", text);
}

void PluginExchange::answer(const sim::HostAnswer& answer) {
  http::Response& r = x().response;
  r.reset();
  set_status(answer.status);
  r.reason = answer.reason;
  for (const auto& [name, value] : answer.headers)
    r.headers.add(field_name(name), field_value(value));
  r.body = answer.chunked ? http::Body::untold(answer.body) : http::Body::text(answer.body);
  if (answer.trailers.empty()) return;
  r.trailers = std::make_unique<http::Headers>();
  for (const auto& [name, value] : answer.trailers)
    r.trailers->add(field_name(name), field_value(value));
}

}  // namespace gateproof::bindings
