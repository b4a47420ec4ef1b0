#include "engine/pipeline/tcp_decide.h"

namespace gateproof::pipeline {
namespace {

using Taker = TcpDecision::Taker;

TcpDecision to_tcp(const EntryPoint& entry, const rules::Route* route, std::string_view why) {
  return {Taker::tcp, route, &entry.tcp.targets[route->target], why};
}

// A connection of a Gateway's listener that ends, or passes, as TCP.
TcpDecision to_listener(const Listener& listener, const rules::RoutingTable& table,
                        const rules::RequestFacts& facts) {
  if (const rules::Route* route = table.match(facts)) {
    TcpDecision d = to_tcp(*listener.entry, route, "the listener's route");
    d.listener = &listener;
    return d;
  }
  return {Taker::nobody, nullptr, nullptr, "no route of the listener matches", &listener};
}

// By server name; nobody's connection is closed before a byte of TLS is said.
TcpDecision decide_listener(const Listeners& listeners, const rules::RequestFacts& facts) {
  const Listener* const found = listeners.find(facts.host);
  if (!found) return {Taker::nobody, nullptr, nullptr, "no listener has this server name"};
  if (found->config->protocol == config::ListenerConfig::Protocol::https)
    return {Taker::https, nullptr, nullptr, "the listener's hostname fits best", found};
  if (found->config->protocol != config::ListenerConfig::Protocol::tls)
    return {Taker::nobody, nullptr, nullptr, "TLS, and the listener speaks none", found};
  return to_listener(*found, *found->entry->tcp.secure, facts);
}

}  // namespace

std::optional<TcpDecision> decide_silent(const EntryPoint& entry,
                                         const rules::RequestFacts& facts) {
  if (entry.listeners) {
    const Listener* const all = entry.listeners->tcp();
    if (!all) return std::nullopt;
    return to_listener(*all, *all->entry->tcp.plain, facts);
  }
  const TcpEntryPoint& tcp = entry.tcp;
  if (!tcp.has_plain() || tcp.has_secure() || tcp.has_https()) return std::nullopt;
  const rules::Route* route = tcp.plain->match(facts);
  if (!route) return std::nullopt;
  return to_tcp(entry, route, "no router here has TLS: decided before the first byte");
}

TcpDecision decide_plain(const EntryPoint& entry, const rules::RequestFacts& facts) {
  if (entry.listeners) {
    if (entry.listeners->tls())
      return {Taker::nobody, nullptr, nullptr, "plain bytes, and every listener here speaks TLS"};
    return {Taker::http, nullptr, nullptr, "plain bytes: the listeners speak HTTP"};
  }
  if (const rules::Route* route = entry.tcp.plain->match(facts))
    return to_tcp(entry, route, "plain bytes: TCP routers come before HTTP");
  return {Taker::http, nullptr, nullptr,
          "plain bytes, and no TCP router without TLS matches: HTTP"};
}

TcpDecision decide_tls(const EntryPoint& entry, const rules::RequestFacts& facts) {
  if (entry.listeners) return decide_listener(*entry.listeners, facts);
  const auto offers_acme =
      std::find(facts.alpn.begin(), facts.alpn.end(), "acme-tls/1") != facts.alpn.end();
  if (offers_acme && !entry.config->allow_acme_bypass)
    return {Taker::acme, nullptr, nullptr,
            "the client offers acme-tls/1: the ACME challenge answers"};
  const rules::Route* https = entry.tcp.https->match(facts);
  const auto catch_all = [](const rules::Route& r) { return rules::is_catch_all(r.rule.root); };
  if (https && !catch_all(*https))
    return {Taker::https, https, nullptr, "an HTTPS router names this host"};
  const rules::Route* secure = entry.tcp.secure->match(facts);
  if (secure && !catch_all(*secure))
    return to_tcp(entry, secure, "TLS: a TCP router other than the catch-all matches");
  if (https)
    return {Taker::https, https, nullptr,
            "an HTTPS router without host comes before the TCP catch-all"};
  if (secure) return to_tcp(entry, secure, "TLS: the TCP catch-all");
  return {Taker::https, nullptr, nullptr, "TLS, and nobody claims the name: HTTPS answers 404"};
}

TcpDecision decide_postgres(const EntryPoint& entry, const rules::RequestFacts& facts) {
  if (entry.listeners) return decide_listener(*entry.listeners, facts);
  if (const rules::Route* route = entry.tcp.secure->match(facts))
    return to_tcp(entry, route, "TLS inside PostgreSQL's protocol");
  return {Taker::nobody, nullptr, nullptr,
          "TLS inside PostgreSQL's protocol, and no TCP router matches"};
}

}  // namespace gateproof::pipeline
