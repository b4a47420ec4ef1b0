// An exchange as a plugin in Python sees it, for as long as one of its methods runs: afterwards every use is a RuntimeError.
#pragma once
#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {

class PluginExchange {
 public:
  // Which message's headers or body are meant.
  enum Side : bool { request, response };

  // Which bodies the plugin asked for: on every arm it gets no others, though some lie in memory anyway.
  PluginExchange(bool request_body, bool response_body)
      : request_body_(request_body), response_body_(response_body) {}
  // Between enter and leave the view is alive. leave() tells the trace what the plugin looked at.
  void enter(http::Exchange& x, const std::string& stage);
  void leave();

  std::string method();
  void set_method(const py::bytes& method);
  std::string target();
  void set_target(const py::bytes& target);
  std::string host();
  void set_host(const py::bytes& host);
  std::string scheme();
  std::string client_ip();
  std::string entry_point();
  std::string router();
  int64_t now_ns();
  int status();
  void set_status(int status);

  std::vector<std::pair<std::string, std::string>> header_lines(bool side);
  std::vector<std::string> header_values(bool side, const py::bytes& name);
  void set_header(bool side, const py::bytes& name, const py::bytes& value);
  void add_header(bool side, const py::bytes& name, const py::bytes& value);
  bool remove_header(bool side, const py::bytes& name);
  // nullopt: the body goes by unread.
  std::optional<std::string> body(bool side);
  void set_body(bool side, const py::bytes& bytes);
  void note(const std::string& text);
  // Replaces the answer.
  void answer(const sim::HostAnswer& answer);

 private:
  http::Exchange& x();
  http::Headers& headers(bool side);
  void looked_at(std::string what);
  void tell_looked_at();

  bool request_body_, response_body_;
  http::Exchange* x_ = nullptr;
  std::string stage_;
  std::vector<std::string> looked_at_;
};

}  // namespace gateproof::bindings
