#include "engine/upstream/service_group.h"

namespace gateproof::upstream {
namespace {

template <class T, class F>
std::vector<T> column(const std::vector<ServicePart>& parts, F of) {
  std::vector<T> out;
  for (const ServicePart& p : parts) out.push_back(of(p));
  return out;
}

std::vector<std::string> names_of(const std::vector<ServicePart>& parts) {
  return column<std::string>(parts, [](const ServicePart& p) { return p.written; });
}

std::vector<int64_t> weights_of(const std::vector<ServicePart>& parts) {
  return column<int64_t>(parts, [](const ServicePart& p) { return p.weight; });
}

}  // namespace

ServiceGroup::ServiceGroup(Kind kind, const std::string& name,
                           const std::optional<config::CookieConfig>& sticky,
                           std::vector<ServicePart> parts, bool checked, Random& random)
    : kind_(kind),
      stage_("service " + name),
      parts_(std::move(parts)),
      checked_(checked),
      board_(names_of(parts_),
             column<bool>(parts_, [](const ServicePart& p) { return p.weight > 0; })) {
  if (kind == Kind::weighted) {
    chooser_ = std::make_unique<WrrChooser>(weights_of(parts_), random.stream("balancer/" + name));
  } else {
    chooser_ = std::make_unique<HrwChooser>(names_of(parts_), weights_of(parts_));
  }
  if (!sticky) return;
  // A part that is never picked cannot be asked for either.
  sticky_.emplace(*sticky, name, column<std::string>(parts_, [](const ServicePart& p) {
    return p.weight > 0 ? p.written : std::string();
  }));
}

Result<void> ServiceGroup::on_status(std::function<void(bool up)> listener) {
  if (!checked_) return no_health_check(kind_ == Kind::weighted ? "WRR" : "HRW");
  board_.on_change(std::move(listener));
  return {};
}

std::optional<size_t> ServiceGroup::of_session(const http::Exchange& x) const {
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].has_session && parts_[i].has_session(x)) return i;
  }
  return std::nullopt;
}

Task<void> ServiceGroup::handle(http::Exchange& x) {
  bool set_cookie = false;
  std::string why = "cookie";
  auto named = sticky_choice(sticky_, x, set_cookie);
  if (!named) {
    named = of_session(x);
    if (named) why = "session";
  }
  std::optional<size_t> chosen;
  if (named && board_.up(*named)) {
    chosen = named;
  } else {
    set_cookie = sticky_.has_value();
    Chooser::Usable usable;
    if (!board_.all_up()) usable = [this](size_t i) { return board_.up(i); };
    chosen = chooser_->choose(usable, x.peer.ip, x.trace ? &why : nullptr);
  }
  if (!chosen) {
    if (x.trace) x.note(stage_, "pick", "no available service");
    x.response = no_available_server();
    co_return;
  }
  if (x.trace) {
    std::string text = parts_[*chosen].name + " (";
    if (why != "weighted round robin") text += why + ", ";
    text += "one of " + std::to_string(parts_.size());
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].weight > 0 && !board_.up(i)) text += "; down: " + parts_[i].name;
    }
    x.note(stage_, "pick", text + ")");
  }
  co_await parts_[*chosen].handler->handle(x);
  if (set_cookie)
    x.response.headers.add_first("Set-Cookie",
                                 sticky_->set_cookie(*chosen, x.env->clock.wall_ns()));
}

}  // namespace gateproof::upstream
