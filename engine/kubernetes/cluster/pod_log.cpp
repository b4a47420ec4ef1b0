// GET .../pods/{name}/log: what the pod's node agent says, on the kubelet's own path.
#include "engine/base/percent.h"
#include "engine/base/text.h"
#include "engine/kubernetes/cluster/api.h"
#include "engine/kubernetes/cluster/controllers.h"

namespace gateproof::kubernetes::cluster {

namespace {

// Parameters of the log that the kubelet understands as well.
constexpr std::string_view log_parameters[] = {"follow",     "previous",   "sinceSeconds",
                                               "sinceTime",  "timestamps", "tailLines",
                                               "limitBytes", "stream"};

// The container whose log is meant.
Reply<std::string> container_of(const StoredObject& pod, std::string_view asked) {
  std::vector<std::string> names;
  for (const std::string_view list : {"spec.containers", "spec.initContainers"}) {
    for (const Json& c : pod.body.at(list).items()) names.emplace_back(c["name"].str());
  }
  const size_t usual = pod.body.at("spec.containers").size();
  if (asked.empty() && usual == 1) return names.front();
  if (asked.empty()) {
    const std::span<const std::string> main(names.data(), std::min(usual, names.size()));
    return bad_request("a container name must be specified for pod " + pod.name +
                       ", choose one of: [" + text::join(main, " ") + "]");
  }
  if (std::ranges::find(names, asked) != names.end()) return std::string(asked);
  return bad_request("container " + std::string(asked) + " is not valid for pod " + pod.name);
}

std::string kubelet_address(const Store& store, const Json& pod) {
  const auto kubelet = Controllers::kubelet_of(store, pod.at("spec.nodeName").str());
  if (!kubelet) return {};
  const auto ip = IpAddress::parse(kubelet->address);
  return ip ? SocketAddress{*ip, kubelet->port}.to_string() : std::string();
}

}  // namespace

Reply<LogPlace> log_place(const Store& store, const ApiCall& call) {
  const Reply<Target> at = target_of(store.registry(), call.path);
  if (!at) return at.error();
  const Reply<ObjectPtr> pod = store.get(*at);
  if (!pod) return pod.error();
  const Reply<std::string> container = container_of(**pod, call.query.get("container"));
  if (!container) return container.error();
  LogPlace place;
  place.address = kubelet_address(store, (*pod)->body);
  place.target =
      "/containerLogs/" + at->ns + "/" + at->name + "/" + text::percent_escape(*container);
  char separator = '?';
  for (const std::string_view name : log_parameters) {
    if (!call.query.has(name)) continue;
    place.target += separator;
    place.target += std::string(name) + "=" + text::percent_escape(call.query.get(name));
    separator = '&';
  }
  return place;
}

Task<void> Api::give_log(const ApiCall& call, http::Exchange& x) {
  const Reply<LogPlace> place = log_place(store_, call);
  if (!place) {
    set_status(x.response, place.error());
    co_return;
  }
  if (place->address.empty() || !x.origin) {
    x.response = http::Response::make(200, "", "text/plain");
    co_return;
  }
  std::unique_ptr<http::OriginServer>& kubelet = kubelets_[place->address];
  if (!kubelet) {
    kubelet = std::make_unique<http::OriginServer>();
    kubelet->url = "http://" + place->address;
    kubelet->scheme = "http";
    kubelet->authority = place->address;
    kubelet->address = SocketAddress::parse(place->address);
    kubelet->host = kubelet->address->ip.to_string();
    kubelet->port = kubelet->address->port;
  }
  http::Outbound out;
  out.method = "GET";
  out.target = place->target;
  out.host = kubelet->authority;
  out.body = &x.request.body;
  out.server = kubelet.get();
  const Result<void> asked = co_await x.origin->round_trip(x, out);
  if (asked && x.response.status < 300) co_return;
  const std::string why =
      asked ? "the kubelet answered " + std::to_string(x.response.status) : asked.error().message;
  x.response.reset();
  set_status(x.response, internal_error("Get \"" + kubelet->url + place->target + "\": " + why));
}

}  // namespace gateproof::kubernetes::cluster
