// Which listener of a port a name belongs to (Gateway API: listener isolation).
#include "engine/pipeline/listeners.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/pipeline/snapshot.h"

namespace gateproof::pipeline {
namespace {

using Protocol = config::ListenerConfig::Protocol;

// Listeners by hostname; the name is the hostname, the first of several alike is marked.
struct Made {
  std::deque<config::ListenerConfig> configs;
  Listeners listeners;
  explicit Made(const std::vector<std::string>& hostnames, Protocol protocol = Protocol::http) {
    for (const std::string& h : hostnames) {
      config::ListenerConfig c;
      c.name = h.empty() ? "any" : h;
      c.hostname = h;
      c.protocol = protocol;
      configs.push_back(c);
      listeners.add({&configs.back(), nullptr, configs.back().name, {}});
    }
  }
  std::string find(std::string_view host) const {
    const Listener* found = listeners.find(host);
    return found ? std::string(found->name) : "";
  }
};

TEST(Listeners, TheMostSpecificHostname) {
  const Made m({"", "*.a.test", "*.b.a.test", "x.b.a.test", "a.test"});
  struct Row {
    std::string host, expected;
  };
  for (const Row& row : std::vector<Row>{{"", "any"},
                                         {"c.test", "any"},
                                         {"a.test", "a.test"},
                                         {"x.a.test", "*.a.test"},
                                         {"x.y.a.test", "*.a.test"},
                                         {"b.a.test", "*.a.test"},
                                         {"y.b.a.test", "*.b.a.test"},
                                         {"x.b.a.test", "x.b.a.test"},
                                         {"x.b.a.test.", "x.b.a.test"},
                                         {".a.test", "any"},
                                         {"xa.test", "any"}})
    EXPECT_EQ(m.find(row.host), row.expected) << row.host;
  EXPECT_EQ(Made({"a.test"}).find(""), "");
  EXPECT_EQ(Made({"a.test"}).find("b.test"), "");
}

TEST(Listeners, WhatIsLookedAt) {
  EXPECT_FALSE(Made({""}).listeners.looks_at_connections());
  EXPECT_TRUE(Made({""}, Protocol::https).listeners.tls());
  EXPECT_TRUE(Made({"a"}, Protocol::tls).listeners.looks_at_connections());
  EXPECT_FALSE(Made({"a"}, Protocol::tls).listeners.tcp());
  EXPECT_TRUE(Made({""}, Protocol::tcp).listeners.tcp());
}

TEST(Listeners, EqualTheDefinition) {
  const auto covers = [](const std::string& wide, const std::string& host) {
    if (wide.empty()) return true;
    if (!wide.starts_with("*.")) return wide == host;
    const std::string rest = wide.substr(1);
    return host.size() > rest.size() && host.ends_with(rest) && host.front() != '.';
  };
  const auto rank = [](const std::string& h) {
    return std::pair(!h.empty() && !h.starts_with("*"), h.size());
  };
  const bool ok = rc::check("any listeners, any host", [&] {
    const auto label = rc::gen::element<std::string>("a", "b", "test");
    const auto name = [&](size_t least) {
      const auto labels =
          *rc::gen::suchThat(rc::gen::container<std::vector<std::string>>(label),
                             [&](const auto& v) { return v.size() >= least && v.size() < 5; });
      return text::join(labels, ".");
    };
    std::vector<std::string> hostnames;
    for (size_t n = *rc::gen::inRange<size_t>(0, 6); n > 0; --n)
      hostnames.push_back((*rc::gen::arbitrary<bool>() ? "*." : "") + name(1));
    if (*rc::gen::arbitrary<bool>()) hostnames.emplace_back();
    const std::string host = name(0);
    std::optional<std::string> best;
    for (const std::string& h : hostnames) {
      if (covers(h, host) && (!best || rank(h) > rank(*best))) best = h;
    }
    const std::string expected = !best ? "" : best->empty() ? "any" : *best;
    RC_ASSERT(Made(hostnames).find(host) == expected);
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace gateproof::pipeline
