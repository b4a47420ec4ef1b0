// ServiceGroup: a service of services, `weighted` or `highestRandomWeight` (catalogue 4.5).
#pragma once
#include <functional>

#include "engine/upstream/load_balancer.h"

namespace gateproof::upstream {

struct ServicePart {
  std::string name;     // qualified
  std::string written;  // as written: sticky cookies and hashes are made of it
  int64_t weight = 1;
  std::shared_ptr<http::Handler> handler;
  // Of a rule whose sessions keep their backend: whether the request's session is with this part. Empty: no such rule.
  std::function<bool(const http::Exchange&)> has_session = {};
};

class ServiceGroup final : public http::Handler, public StatusSource {
 public:
  enum class Kind : uint8_t { weighted, highest_random_weight };
  ServiceGroup(Kind kind, const std::string& name,
               const std::optional<config::CookieConfig>& sticky, std::vector<ServicePart> parts,
               bool checked, Random& random);
  Task<void> handle(http::Exchange& x) override;
  Result<void> on_status(std::function<void(bool up)> listener) override;
  // A child's status has changed.
  void set_status(size_t part, bool up) { board_.set(part, up); }

 private:
  // The part that the request's session is with.
  std::optional<size_t> of_session(const http::Exchange& x) const;
  Kind kind_;
  std::string stage_;
  std::vector<ServicePart> parts_;
  bool checked_;
  StatusBoard board_;
  std::unique_ptr<Chooser> chooser_;
  std::optional<Sticky> sticky_;
};

}  // namespace gateproof::upstream
