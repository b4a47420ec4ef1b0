#include "engine/pipeline/listeners.h"

namespace gateproof::pipeline {

void Listeners::add(Listener listener) {
  using Protocol = config::ListenerConfig::Protocol;
  const config::ListenerConfig& c = *listener.config;
  const size_t index = all_.size();
  if (c.hostname.empty()) {
    if (!any_) any_ = index;
  } else if (c.hostname.starts_with("*.")) {
    below_.emplace(c.hostname.substr(1), index);
  } else {
    exact_.emplace(c.hostname, index);
  }
  tls_ = tls_ || c.protocol == Protocol::https || c.protocol == Protocol::tls;
  tcp_ = tcp_ || c.protocol == Protocol::tcp;
  all_.push_back(std::move(listener));
}

const Listener* Listeners::find(std::string_view host) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!host.empty()) {
    if (const auto e = exact_.find(host); e != exact_.end()) return &all_[e->second];
    // A wildcard stands for one label at least; the longest rest is the most specific one.
    for (size_t dot = host.find('.', 1); !below_.empty() && dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      if (const auto b = below_.find(host.substr(dot)); b != below_.end()) return &all_[b->second];
    }
  }
  return any_ ? &all_[*any_] : nullptr;
}

}  // namespace gateproof::pipeline
