#include "engine/net/cluster_server.h"

#include "engine/rules/regex.h"

namespace gateproof::net {

namespace {

kubernetes::cluster::ApiOptions api_options(const ClusterOptions& options) {
  kubernetes::cluster::ApiOptions out;
  out.authenticates = options.tls.has_value();
  out.token = options.token;
  out.on_request = options.on_request;
  return out;
}

Result<HandlerTls> make_tls(const ClusterTls& tls) {
  Result<std::shared_ptr<const tls::Identity>> identity =
      tls::Identity::load(tls.certificate, tls.key);
  if (!identity) return identity.error();
  tls::ServerSettings settings;
  settings.alpn = {"h2", "http/1.1"};
  if (!tls.authority.empty()) {
    settings.client_auth = tls::ClientAuth::verify_if_given;
    settings.client_authorities = {tls.authority};
  }
  Result<std::shared_ptr<const tls::ServerContext>> context = tls::ServerContext::make(settings);
  if (!context) return context.error();
  return HandlerTls{*context, *identity};
}

// `pattern` of a CRD's schema, as the real server reads it: Go's syntax, and a match anywhere in the value.
Result<kubernetes::cluster::PatternMatch> compile_pattern(std::string_view pattern) {
  Result<rules::Regex> compiled = rules::Regex::compile(pattern);
  if (!compiled) return compiled.error();
  const auto regex = std::make_shared<const rules::Regex>(std::move(*compiled));
  return kubernetes::cluster::PatternMatch(
      [regex](std::string_view value) { return regex->search(value); });
}

ClusterOptions with_patterns(ClusterOptions options) {
  if (!options.store.patterns) options.store.patterns = compile_pattern;
  return options;
}

}  // namespace

ClusterServer::ClusterServer(ClusterOptions options, Random& random)
    : options_(with_patterns(std::move(options))),
      store_(clock_, random, options_.store),
      controllers_(store_, clock_, random, options_.controllers),
      api_(store_, api_options(options_)) {}

ClusterServer::~ClusterServer() = default;

Result<std::unique_ptr<ClusterServer>> ClusterServer::make(ClusterOptions options, Random& random,
                                                           const Log& log) {
  std::unique_ptr<ClusterServer> out(new ClusterServer(std::move(options), random));
  const Result<void> opened = out->open(random, log);
  if (!opened) return opened.error();
  return out;
}

Result<void> ClusterServer::open(Random& random, const Log& log) {
  Result<std::unique_ptr<HandlerServer>> server = HandlerServer::make(api_, random, log);
  if (!server) return server.error();
  server_ = std::move(*server);
  std::optional<HandlerTls> tls;
  if (options_.tls) {
    Result<HandlerTls> made = make_tls(*options_.tls);
    if (!made) return made.error();
    tls = std::move(*made);
  }
  const Result<SocketAddress> bound = server_->listen(options_.listen, std::move(tls));
  if (!bound) return bound.error();
  address_ = *bound;
  return {};
}

bool ClusterServer::with_store(const std::function<void(kubernetes::cluster::Store&)>& work) {
  return server_->call([&] { work(store_); });
}

}  // namespace gateproof::net
