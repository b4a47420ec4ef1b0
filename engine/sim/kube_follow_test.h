// What follows an API server in virtual time, and what a fresh list of it would say.
#pragma once
#include "engine/sim/kube_host_test.h"

namespace gateproof::sim {

using providers::KubeChange;
using providers::KubeFollower;
using providers::KubeKey;
using providers::KubeLevel;
using providers::KubeReflector;
using providers::KubeResource;
using providers::KubeSelection;

inline const std::string things = "/apis/example.com/v1/things";
inline const std::string secrets = "/api/v1/secrets";

inline std::vector<KubeSelection> selections() {
  return {{KubeResource{"example.com", {"v1", "v1beta1"}, "Thing", "things"}, "", ""},
          {KubeResource{"", {"v1"}, "Secret", "secrets"}, "", ""}};
}

inline std::string value(uint64_t n) { return R"("spec":{"value":)" + std::to_string(n) + "}"; }

// Follows, and keeps what it is told: "Thing a/b" to the value.
class Follow : public ::testing::Test {
 protected:
  void make(uint64_t seed = 1) {
    rig = std::make_unique<KubeRig>(seed);
    rig->host.kinds[things];
    rig->host.kinds[secrets];
  }
  void SetUp() override { make(); }
  void begin(std::vector<KubeSelection> what = selections()) {
    providers::KubeWatcherHooks hooks;
    hooks.changed = [this](std::vector<KubeChange> changes) {
      for (KubeChange& c : changes) take(c);
    };
    hooks.moved = [this] { ++moves; };
    hooks.log = [this](KubeLevel, const std::string& line) { log.push_back(line); };
    follower = std::make_unique<KubeFollower>(client_in_use(), std::move(what), std::move(hooks));
    rig->scheduler.spawn("follow", follower->run());
  }
  virtual providers::KubeClient& client_in_use() { return rig->client; }
  void take(KubeChange& c) {
    ++told;
    if (!c.object) {
      EXPECT_EQ(state.erase(c.key.label()), 1u) << c.key.label() << " was not there";
      gone.push_back(c.key.label());
      return;
    }
    const config::Value* v = c.object->root.at("spec.value");
    state[c.key.label()] = v ? v->text : "?";
  }
  // What a fresh list would say.
  std::map<std::string, std::string> model() const {
    std::map<std::string, std::string> out;
    for (const auto& [path, kind] : rig->host.kinds) {
      for (const auto& [name, stored] : kind.objects) {
        const std::string kind_name = path == things ? "Thing " : "Secret ";
        if (kind.served)
          out[kind_name + name.first + "/" + name.second] =
              stored.json.substr(16, stored.json.size() - 17);
      }
    }
    return out;
  }
  const KubeReflector& reflector(size_t i = 0) const { return *follower->reflectors()[i]; }
  bool logged(std::string_view what) const {
    return std::any_of(log.begin(), log.end(), [&](const std::string& line) {
      return line.find(what) != std::string::npos;
    });
  }

  std::unique_ptr<KubeRig> rig;
  std::unique_ptr<KubeFollower> follower;
  std::map<std::string, std::string> state;
  std::vector<std::string> gone, log;
  int told = 0, moves = 0;
  void TearDown() override {
    if (rig) rig->scheduler.cancel_all();
  }
};

}  // namespace gateproof::sim
