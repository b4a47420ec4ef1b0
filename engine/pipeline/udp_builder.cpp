#include "engine/base/text.h"
#include "engine/pipeline/tcp_builder.h"

namespace gateproof::pipeline {

Result<std::shared_ptr<upstream::UdpService>> TcpBuilder::udp_service(const std::string& name) {
  using Ptr = std::shared_ptr<upstream::UdpService>;
  const auto found = in_.dynamics->udp.services.find(name);
  if (found == in_.dynamics->udp.services.end()) {
    return Error(Code::not_found, "the UDP service \"" + name + "\" does not exist", SourceSpan{},
                 "define it below udp.services, or name one that exists");
  }
  const config::UdpServiceConfig& s = found->second;
  ObjectInfo& info = out_.udp_services.at(name);
  const auto refuse = [&](std::string text, std::string_view code,
                          const std::string& remedy) -> Error {
    info.fail(text);
    finding_once(code, s.span, info.label(), text + ": the service is disabled", remedy);
    return Error(Code::invalid, std::move(text), s.span, remedy);
  };
  if (s.servers && s.weighted) {
    return refuse(
        "cannot create service: multi-types service not supported, consider declaring two "
        "different pieces of service instead",
        "GP0502", "declare one service for each kind");
  }
  if (s.servers) {
    return Ptr(std::make_shared<upstream::UdpLoadBalancer>(name, servers(info.label(), *s.servers),
                                                           in_.random));
  }
  if (!s.weighted) {
    return refuse("the UDP service \"" + name + "\" does not have any type defined", "GP0502",
                  "add loadBalancer with its servers, or weighted");
  }
  if (!building_.insert("udp " + name).second)
    return refuse("recursion detected in service:" + name, "GP0503", "break the circle");
  std::vector<upstream::UdpWeighted::Child> children;
  for (const config::StreamWeightedChild& c : *s.weighted) {
    auto child = udp_service(config::qualify(c.name.value, config::provider_of(name)));
    if (!child) {
      building_.erase("udp " + name);
      info.fail(child.error().message);
      finding_once("GP0501", c.name.span, info.label(),
                   child.error().message + ": the service is disabled",
                   child.error().remedy.empty() ? "mend the child" : child.error().remedy);
      return child.error();
    }
    children.push_back({c.name.value, std::move(*child), c.weight});
  }
  building_.erase("udp " + name);
  return Ptr(std::make_shared<upstream::UdpWeighted>(name, std::move(children), in_.random));
}

void TcpBuilder::add_udp_router(UdpRouterInfo& info, const config::UdpRouterConfig& router,
                                std::map<std::string, std::vector<std::string>>& by_entry_point) {
  const auto service =
      out_.udp_services.find(config::qualify(info.service, config::provider_of(info.name)));
  if (service != out_.udp_services.end()) service->second.used_by.push_back(info.name);
  if (router.entry_points.empty()) {
    for (const auto& [name, entry] : out_.udp_entry_points) {
      if (in_.statics->entry_points.contains(name)) info.entry_points.push_back(name);
    }
  }
  for (const config::Text& e : router.entry_points) {
    if (out_.udp_entry_points.contains(e.value)) {
      info.entry_points.push_back(e.value);
      continue;
    }
    info.fail("entryPoint \"" + e.value + "\" doesn't exist", Status::warning);
    finding("GP0303", e.span, info.label(),
            "there is no UDP entry point \"" + e.value + "\"; the router is not served there",
            "remove the name, or give the entry point an address such as :53/udp");
  }
  if (info.entry_points.empty()) {
    info.fail("no valid entryPoint for this router");
    finding("GP0304", router.entry_points.empty() ? router.span : router.entry_points.front().span,
            info.label(), "no UDP entry point that this router names exists, so it is disabled",
            "name one of the UDP entry points of the static configuration");
    return;
  }
  for (const std::string& e : info.entry_points) by_entry_point[e].push_back(info.name);
}

void TcpBuilder::add_udp_routers() {
  for (const auto& [name, e] : entry_points_of(in_)) {
    const Result<config::EntryPointAddress> address = config::parse_entry_point_address(e->address);
    if (address && address->udp) out_.udp_entry_points[name].config = e;
  }
  std::map<std::string, std::vector<std::string>> by_entry_point;
  for (const auto& [name, router] : in_.dynamics->udp.routers) {
    auto info = std::make_unique<UdpRouterInfo>();
    info->kind = "UDP router";
    info->name = name;
    info->span = router.span;
    info->service = router.service.value;
    UdpRouterInfo& kept = *info;
    out_.udp_routers[name] = std::move(info);
    add_udp_router(kept, router, by_entry_point);
  }
  // The last name that can be built takes everything (catalogue 1.10 step 6).
  for (auto& [entry_name, names] : by_entry_point) {
    UdpEntryPoint& entry = out_.udp_entry_points.at(entry_name);
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
      UdpRouterInfo& info = *out_.udp_routers.at(*name);
      const config::UdpRouterConfig& router = in_.dynamics->udp.routers.at(*name);
      if (info.service.empty()) {
        info.fail("the service is missing on the udp router");
        finding_once("GP0309", router.span, info.label(),
                     "the router names no service, so it is disabled", "add `service: name`");
        continue;
      }
      auto built = udp_service(config::qualify(info.service, config::provider_of(*name)));
      if (!built) {
        info.fail(built.error().message);
        finding_once("GP0306", router.service.span, info.label(),
                     built.error().message + ": the router is disabled",
                     built.error().remedy.empty() ? "mend the service" : built.error().remedy);
        continue;
      }
      if (!entry.router) {
        entry.router = &info;
        entry.service = std::move(*built);
      } else {
        finding("GP0319", router.span, info.label(),
                "the UDP entry point \"" + entry_name + "\" has several routers: " +
                    entry.router->name + " takes every datagram, and this one none",
                "leave one router on a UDP entry point");
      }
    }
  }
}

}  // namespace gateproof::pipeline
