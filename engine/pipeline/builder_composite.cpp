// Services of services (catalogue 4.5). Every error disables the service with Traefik's words.
#include "engine/pipeline/builder.h"
#include "engine/upstream/failover.h"
#include "engine/upstream/mirroring.h"
#include "engine/upstream/session_service.h"

namespace gateproof::pipeline {

void Builder::refuse_service(const std::string& name, ObjectInfo& info, const std::string& error,
                             const SourceSpan& at, const std::string& remedy) {
  info.fail(error);
  finding("GP0501", at.known() ? at : info.span, "service " + name,
          error + ": the service is disabled", remedy);
}

HandlerPtr Builder::child_service(const std::string& parent, const config::Text& written,
                                  ObjectInfo& info, const std::string& wrap) {
  const std::string child = config::qualify(written.value, config::provider_of(parent));
  HandlerPtr handler = service(child);
  if (handler) return handler;
  const std::string text = wrap + service_problem(child);
  refuse_service(parent, info, text, written.span, "define the service, or name one that exists");
  return nullptr;
}

upstream::StatusSource* Builder::source_of(const std::string& parent,
                                           const config::Text& child) const {
  const auto found = sources_.find(config::qualify(child.value, config::provider_of(parent)));
  return found == sources_.end() ? nullptr : found->second;
}

bool Builder::follow_status(const std::string& parent, const config::Text& child,
                            std::function<void(bool)> listener, ObjectInfo& info) {
  too_far_ = true;  // a service that is taken over would learn of one listener more each time
  upstream::StatusSource* source = source_of(parent, child);
  if (!source) {
    refuse_service(parent, info,
                   "child service " + child.value + " of " + parent +
                       " not a healthcheck.StatusUpdater (http.HandlerFunc)",
                   child.span, "name a service whose servers have a healthCheck");
    return false;
  }
  const Result<void> registered = source->on_status(std::move(listener));
  if (registered) return true;
  refuse_service(parent, info,
                 "cannot register " + child.value + " as updater for " + parent + ": " +
                     registered.error().message,
                 child.span, "give " + child.value + " (and every level below it) a healthCheck");
  return false;
}

HandlerPtr Builder::build_group(GroupKind kind, const std::string& name,
                                const std::vector<config::WeightedChild>& children,
                                const std::optional<config::CookieConfig>& sticky, bool checked,
                                ObjectInfo& info) {
  std::vector<upstream::ServicePart> parts;
  for (const config::WeightedChild& c : children) {
    std::string wrap;
    if (kind == GroupKind::weighted)
      wrap = "building HTTP service " + text::quote(c.name.value) + ": ";
    HandlerPtr handler =
        c.status ? fixed_answer(*c.status, "") : child_service(name, c.name, info, wrap);
    if (!handler) continue;
    std::shared_ptr<upstream::SessionService> session;
    if (c.filters && c.filters->session) {
      const auto balancer = std::dynamic_pointer_cast<upstream::LoadBalancer>(handler);
      if (balancer) {
        session = upstream::SessionService::make(*c.filters->session, name, balancer);
        handler = session;
      }
    }
    if (c.filters) {
      Steps steps;
      append_filters(steps, *c.filters, name, info);
      if (!steps.empty())
        handler = std::make_shared<middleware::Chain>(std::move(steps), std::move(handler));
    }
    upstream::ServicePart part{config::qualify(c.name.value, config::provider_of(name)),
                               c.name.value, c.weight, std::move(handler)};
    if (session && c.filters->session->keeps_backend)
      part.has_session = [session](const http::Exchange& x) { return session->has(x); };
    parts.push_back(std::move(part));
  }
  if (info.status == Status::disabled) {
    info.errors.resize(
        1);  // Traefik stops at the first child that fails; our findings tell of each
    return nullptr;
  }
  auto group = std::make_shared<upstream::ServiceGroup>(kind, name, sticky, std::move(parts),
                                                        checked, in_.random);
  if (checked) {
    const std::weak_ptr<upstream::ServiceGroup> weak = group;
    for (size_t i = 0; i < children.size(); ++i) {
      const auto listener = [weak, i](bool up) {
        if (const auto g = weak.lock()) g->set_status(i, up);
      };
      if (!follow_status(name, children[i].name, listener, info)) return nullptr;
    }
  }
  sources_[name] = group.get();
  return group;
}

HandlerPtr Builder::build_mirroring(const std::string& name, const config::MirroringConfig& m,
                                    ObjectInfo& info) {
  upstream::Mirroring::Parts parts;
  parts.name = name;
  parts.main_name = config::qualify(m.service.value, config::provider_of(name));
  parts.main = child_service(name, m.service, info);
  if (!parts.main) return nullptr;
  parts.main_status = source_of(name, m.service);
  parts.mirror_body = m.mirror_body;
  parts.body_bytes_max = m.max_body_size;
  parts.checked = m.has_health_check;
  for (const config::MirrorConfig& mirror : m.mirrors) {
    HandlerPtr handler = child_service(name, mirror.name, info);
    if (!handler) return nullptr;
    if (mirror.percent.value < 0 || mirror.percent.value > 100) {
      refuse_service(name, info, "percent must be between 0 and 100", mirror.percent.span,
                     "write a percentage from 0 to 100");
      return nullptr;
    }
    parts.mirrors.push_back({config::qualify(mirror.name.value, config::provider_of(name)),
                             mirror.percent.value, std::move(handler)});
  }
  auto mirroring = std::make_shared<upstream::Mirroring>(std::move(parts));
  sources_[name] = mirroring.get();
  return mirroring;
}

HandlerPtr Builder::build_failover(const std::string& name, const config::FailoverConfig& f,
                                   ObjectInfo& info) {
  upstream::Failover::Parts parts;
  parts.name = name;
  parts.main_name = config::qualify(f.service.value, config::provider_of(name));
  parts.fallback_name = config::qualify(f.fallback.value, config::provider_of(name));
  parts.checked = f.has_health_check;
  parts.main = child_service(name, f.service, info);
  if (!parts.main) return nullptr;
  const bool by_code = f.errors && !f.errors->status.empty();
  if (by_code) {
    Result<upstream::CodeRanges> codes = upstream::CodeRanges::parse(f.errors->status);
    if (!codes) {
      refuse_service(name, info,
                     "error creating failover service " + name +
                         ": creating HTTP code ranges: " + codes.error().message,
                     codes.error().span, codes.error().remedy);
      return nullptr;
    }
    parts.codes = std::move(*codes);
    parts.body_bytes_max = f.errors->max_request_body_bytes;
  }
  // Codes are reason enough to fall back; then the main service may be without a health check.
  const auto slot = std::make_shared<std::weak_ptr<upstream::Failover>>();
  const auto on_main = [slot](bool up) {
    if (const auto failover = slot->lock()) failover->set_main(up);
  };
  if (!by_code) {
    if (!follow_status(name, f.service, on_main, info)) return nullptr;
  } else if (upstream::StatusSource* source = source_of(name, f.service)) {
    too_far_ = true;
    const Result<void> ignored = source->on_status(on_main);
    (void)ignored;
  }
  parts.fallback = child_service(name, f.fallback, info);
  if (!parts.fallback) return nullptr;
  const auto on_fallback = [slot](bool up) {
    if (const auto failover = slot->lock()) failover->set_fallback(up);
  };
  if (f.has_health_check && !follow_status(name, f.fallback, on_fallback, info)) return nullptr;
  auto failover = std::make_shared<upstream::Failover>(std::move(parts));
  *slot = failover;
  sources_[name] = failover.get();
  return failover;
}

}  // namespace gateproof::pipeline
