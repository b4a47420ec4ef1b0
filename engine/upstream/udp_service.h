// UDP services: which server a new session goes to (catalogue 4.8). Shared by all event loops.
#pragma once
#include "engine/upstream/tcp_service.h"

namespace gateproof::upstream {

struct UdpChoice {
  const TcpServer* server = nullptr;  // lives as long as its service
  std::string_view service;
};

class UdpService {
 public:
  virtual ~UdpService() = default;
  virtual std::optional<UdpChoice> choose(TcpService::Notes* notes) = 0;
};

class UdpLoadBalancer final : public UdpService {
 public:
  UdpLoadBalancer(std::string name, std::vector<TcpServer> servers, Random& random)
      : name_(std::move(name)),
        servers_(std::move(servers)),
        order_(std::vector<int64_t>(servers_.size(), 1), random.stream("udp balancer/" + name_)) {}
  std::optional<UdpChoice> choose(TcpService::Notes* notes) override {
    const auto picked = order_.pick();
    if (notes) {
      notes->emplace_back(name_, picked ? servers_[*picked].address + " (round robin, one of " +
                                              std::to_string(servers_.size()) + ")"
                                        : std::string("no available server"));
    }
    if (!picked) return std::nullopt;
    return UdpChoice{&servers_[*picked], name_};
  }

 private:
  std::string name_;
  std::vector<TcpServer> servers_;
  RoundRobin order_;
};

class UdpWeighted final : public UdpService {
 public:
  struct Child {
    std::string name;
    std::shared_ptr<UdpService> service;
    int64_t weight = 1;
  };
  UdpWeighted(std::string name, std::vector<Child> children, Random& random)
      : name_(std::move(name)),
        children_(std::move(children)),
        order_(weights_of(children_), random.stream("udp balancer/" + name_)) {}
  std::optional<UdpChoice> choose(TcpService::Notes* notes) override {
    const auto picked = order_.pick();
    if (!picked) return std::nullopt;
    const Child& c = children_[*picked];
    if (notes) {
      notes->emplace_back(name_, c.name + " (weighted round robin, weight " +
                                     std::to_string(c.weight) + ", one of " +
                                     std::to_string(children_.size()) + ")");
    }
    return c.service->choose(notes);
  }

 private:
  static std::vector<int64_t> weights_of(const std::vector<Child>& children) {
    std::vector<int64_t> out;
    for (const Child& c : children) out.push_back(c.weight);
    return out;
  }
  std::string name_;
  std::vector<Child> children_;
  RoundRobin order_;
};

}  // namespace gateproof::upstream
