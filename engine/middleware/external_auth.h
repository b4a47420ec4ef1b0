// What ExternalAuth filters have in common, over HTTP and over gRPC: a service is asked before the request goes on. Whatever goes
// wrong, the request does not pass.
#pragma once
#include "engine/middleware/ext_authz.h"
#include "engine/middleware/route_filters.h"

namespace gateproof::middleware {

class ExternalAuth : public WaitingMiddleware {
 public:
  // `answer_bytes_max`: the service's answer is read whole before it goes to a client.
  ExternalAuth(config::ExternalAuthFilter f, std::shared_ptr<http::Handler> service,
               size_t answer_bytes_max);
  Task<void> handle(Exchange& x, Next next) override;

 protected:
  struct Verdict {
    bool passes = false;                  // false: x.response says why not
    std::vector<HeaderChange> to_answer;  // of a request that passes
  };
  // Makes the request to the service of `sub`, which is a copy of the client's with the body that the service may hear.
  virtual void fill(const Exchange& x, Exchange& sub) const = 0;
  // The service's answer, whose body was read.
  virtual Verdict judge(Exchange& x, const http::Response& r, std::string body) const = 0;

  Verdict refuse(Exchange& x, int status, std::string_view why) const;
  const config::ExternalAuthFilter& filter() const { return f_; }

 private:
  Task<Verdict> asks(Exchange& x);
  Task<bool> ask(Exchange& sub, std::string& body);

  config::ExternalAuthFilter f_;
  const std::shared_ptr<http::Handler> service_;
  size_t answer_bytes_max_;
};

// ---- route_ext_authz.cpp
std::unique_ptr<Middleware> route_ext_authz(const config::ExternalAuthFilter& filter,
                                            std::shared_ptr<http::Handler> service);

}  // namespace gateproof::middleware
