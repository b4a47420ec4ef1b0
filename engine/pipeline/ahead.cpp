#include "engine/pipeline/ahead.h"

namespace gateproof::pipeline {

template <class T>
Ahead::Objects<T> Ahead::all_of(const SharedMap<T>& objects) {
  Objects<T> out;
  out.reserve(objects.size());
  for (const auto& [name, object] : objects) out.push_back({&name, &object});
  return out;
}

template <class T>
std::span<const Ahead::Object<T>> Ahead::part(const Objects<T>& all, size_t piece) const {
  const size_t begin = piece * all.size() / count_, end = (piece + 1) * all.size() / count_;
  return std::span(all).subspan(begin, end - begin);
}

template <class T>
Ahead::Places Ahead::places_of(const Objects<T>& all) const {
  Places out;
  out.reserve(all.size());
  for (size_t piece = 0; piece < count_; ++piece) {
    size_t entry = 0;
    for (const Object<T>& o : part(all, piece)) out.emplace(o.config, Place{piece, entry++});
  }
  return out;
}

Ahead::Ahead(const pipeline::Objects& objects, Makers makers, Offload& elsewhere)
    : makers_(std::move(makers)),
      routers_(all_of(objects.routers)),
      services_(all_of(objects.services)),
      count_((std::max(routers_.size(), services_.size()) + piece_objects - 1) / piece_objects),
      pieces_(elsewhere, count_, [this](size_t piece) { return make(piece); }),
      taken_(count_),
      router_places_(places_of(routers_)),
      service_places_(places_of(services_)) {}

Ahead::Piece Ahead::make(size_t piece) const {
  Piece out;
  for (const auto& o : part(routers_, piece)) out.rules.emplace_back(makers_.rule(*o.config));
  for (const auto& o : part(services_, piece))
    out.balancers.push_back(makers_.balancer(*o.name, *o.config));
  return out;
}

Ahead::Piece& Ahead::taken(size_t piece) {
  std::optional<Piece>& here = taken_[piece];
  if (!here) here = pieces_.take(piece);
  return *here;
}

std::optional<Ahead::ParsedRule> Ahead::rule(const config::RouterConfig& router) {
  const auto place = router_places_.find(&router);
  if (place == router_places_.end()) return std::nullopt;
  return std::exchange(taken(place->second.piece).rules[place->second.entry], std::nullopt);
}

Ahead::MadeBalancer Ahead::balancer(const config::ServiceConfig& service) {
  const auto place = service_places_.find(&service);
  if (place == service_places_.end()) return std::nullopt;
  return std::exchange(taken(place->second.piece).balancers[place->second.entry], std::nullopt);
}

}  // namespace gateproof::pipeline
