// A cluster on sockets, as its clients find it: raw bytes, and the client that gateproofd follows clusters with.
#include "engine/net/cluster_server.h"

#include <gtest/gtest.h>

#include "engine/base/crypto.h"
#include "engine/kubernetes/cluster/manifests.h"
#include "engine/net/client_test.h"
#include "engine/net/random.h"
#include "engine/providers/kube_reflector.h"
#include "engine/tls/connector.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::net {
namespace {

namespace cluster = kubernetes::cluster;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tls::testing::make_certificate;
using tls::testing::Pem;

const std::string config_maps = "/api/v1/namespaces/default/configmaps";

class ClusterServers : public ::testing::Test {
 protected:
  void start(ClusterOptions options = {}) {
    auto made = ClusterServer::make(std::move(options), random, log);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
    server->start();
  }
  void start_secure() {
    ClusterOptions options;
    options.tls = ClusterTls{own.certificate, own.key, authority.certificate};
    options.token = "secret";
    start(std::move(options));
  }
  static std::string post(Client& client, const std::string& name, size_t bytes = 1) {
    const std::string body = R"({"metadata":{"name":")" + name + R"("},"data":{"x":")" +
                             std::string(bytes, 'x') + "\"}}";
    client.send("POST " + config_maps + " HTTP/1.1\r\nHost: h\r\nContent-Type: application/json" +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.receive("\"uid\"");
  }
  std::unique_ptr<Client> watch(const std::string& query = "") {
    auto client = std::make_unique<Client>(server->address());
    client->send("GET " + config_maps + "?watch=true" + query + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return client;
  }
  size_t watches() {
    size_t n = 0;
    server->server().call([&] { n = server->watches(); });
    return n;
  }
  bool comes_to(size_t wanted) {
    const RealClock clock;
    const Instant end = clock.now() + 3 * HandlerServer::look_period;
    while (watches() != wanted && clock.now() < end) (void)Client(server->address()).get("/livez");
    return watches() == wanted;
  }
  static std::string base64_field(const std::string& name, const std::string& pem) {
    return "\"" + name + "\": \"" + crypto::base64(pem) + "\"";
  }
  // The shape of the one that gateproof.Cluster writes.
  std::string kubeconfig(const std::string& user) const {
    return R"({"current-context": "gateproof", "contexts": [{"name": "gateproof", "context":
      {"cluster": "gateproof", "user": "gateproof", "namespace": "default"}}],
      "clusters": [{"name": "gateproof", "cluster": {"server": "https://)" +
           server->address().to_string() + "\", " +
           base64_field("certificate-authority-data", authority.certificate) +
           R"(}}], "users": [{"name": "gateproof", "user": {)" + user + "}}]}";
  }

  const Pem authority = make_certificate({.common_name = "ca", .authority = true});
  const Pem own = make_certificate({.common_name = "api", .names = {"IP:127.0.0.1"}}, &authority);
  const Pem admin = make_certificate({.common_name = "admin", .usage = "clientAuth"}, &authority);
  RealRandom random{1};
  Log log{2, LogLevel::panic};
  std::unique_ptr<ClusterServer> server;
};

// gateproofd's client on a loop of the test's own.
class Following {
 public:
  explicit Following(const std::string& kubeconfig) : kubeconfig_(kubeconfig) {
    providers::KubeHooks hooks;
    hooks.access = [this] { return providers::read_kubeconfig(kubeconfig_, "config", files_); };
    hooks.connector =
        [this](const providers::KubeAccess& a) -> Result<std::shared_ptr<TlsConnector>> {
      tls::ClientSettings settings;
      settings.roots = {a.ca};
      if (!a.certificate.empty()) settings.certificates = {{a.certificate, a.key}};
      auto made = tls::ClientContext::make(settings);
      if (!made) return made.error();
      return std::shared_ptr<TlsConnector>(
          std::make_shared<tls::Connector>(std::move(*made), clock_, true));
    };
    client_ = std::make_unique<providers::KubeClient>(env_, std::move(hooks));
    providers::KubeWatcherHooks told;
    told.changed = [this](const std::vector<providers::KubeChange>& changes) {
      for (const auto& c : changes)
        c.object ? (void)names.insert(c.key.name) : (void)names.erase(c.key.name);
    };
    told.moved = [] {};
    told.log = [this](providers::KubeLevel, const std::string& line) { log += line + "\n"; };
    const providers::KubeSelection what{{"", {"v1"}, "ConfigMap", "configmaps"}, "default", ""};
    follower_ = std::make_unique<providers::KubeFollower>(
        *client_, std::vector<providers::KubeSelection>{what}, std::move(told));
    loop_->scheduler().spawn("follow", follower_->run());
  }
  ~Following() { loop_->scheduler().cancel_all(); }
  bool until(const std::function<bool()>& what) { return loop_->run_until(what, seconds(10)); }
  providers::KubeReflector::State state() const { return follower_->reflectors()[0]->state(); }
  std::set<std::string> names;
  std::string log;

 private:
  class NoFiles final : public Files {
    Result<std::string> read(const std::string& path, size_t) override {
      return Error(Code::not_found, path);
    }
    Result<std::vector<std::string>> list(const std::string& directory) override {
      return Error(Code::not_found, directory);
    }
    Result<FileStamp> stamp(const std::string& path) override {
      return Error(Code::not_found, path);
    }
  };
  const std::string kubeconfig_;
  NoFiles files_;
  RealClock clock_;
  RealRandom random_{2};
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::make());
  NetTransport transport_{*loop_};
  RealResolver resolver_{*loop_};
  Env env_{loop_->scheduler(), loop_->clock(), random_, transport_, resolver_, "test"};
  std::unique_ptr<providers::KubeClient> client_;
  std::unique_ptr<providers::KubeFollower> follower_;
};

TEST_F(ClusterServers, PlainClientsWriteAndRead) {
  start();
  Client client(server->address());
  EXPECT_NE(client.get("/version").find("gitVersion"), std::string::npos);
  EXPECT_TRUE(post(client, "one").starts_with("HTTP/1.1 201"));
  EXPECT_TRUE(Client(server->address()).get(config_maps + "/one").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(Client(server->address()).get(config_maps + "/two").starts_with("HTTP/1.1 404"));
  size_t found = 0;
  EXPECT_TRUE(server->with_store([&](cluster::Store& store) {
    found = store.count(*store.registry().find_plural("", "configmaps"));
  }));
  EXPECT_GE(found, 1u);
}

TEST_F(ClusterServers, TheKubeconfigsCertificateAndTokenAreTaken) {
  start_secure();
  server->with_store([](cluster::Store& store) {
    auto documents = config::parse_documents(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: default}}", "m.yaml",
        config::Format::yaml);
    cluster::apply_manifests(store, *documents);
  });
  const std::string certificate = base64_field("client-certificate-data", admin.certificate) +
                                  ", " + base64_field("client-key-data", admin.key);
  for (const std::string& user : {certificate, std::string("\"token\": \"secret\"")}) {
    Following f(kubeconfig(user));
    EXPECT_TRUE(f.until([&] { return f.names.contains("one"); })) << f.log;
    const std::string name = "n" + std::to_string(user.size());
    server->with_store([&](cluster::Store& store) {
      auto documents = config::parse_documents(
          "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: default}}",
          "m.yaml", config::Format::yaml);
      cluster::apply_manifests(store, *documents);
    });
    EXPECT_TRUE(f.until([&] { return f.names.contains(name); })) << "by the watch: " << f.log;
  }
  for (const char* user : {"", R"("token": "wrong")"}) {
    Following f(kubeconfig(user));
    EXPECT_TRUE(f.until([&] { return f.state() == providers::KubeReflector::State::refused; }))
        << f.log;
    EXPECT_NE(f.log.find("401"), std::string::npos) << f.log;
    EXPECT_TRUE(f.names.empty());
  }
}

// A certificate of somebody else's authority is no way in.
TEST_F(ClusterServers, AStrangersCertificateIsRefused) {
  start_secure();
  const Pem other = make_certificate({.common_name = "ca", .authority = true});
  const Pem stranger = make_certificate({.common_name = "admin", .usage = "clientAuth"}, &other);
  Following f(kubeconfig(base64_field("client-certificate-data", stranger.certificate) + ", " +
                         base64_field("client-key-data", stranger.key)));
  EXPECT_TRUE(f.until([&] { return f.log.find("cannot be listed") != std::string::npos; }));
  EXPECT_TRUE(f.names.empty());
}

TEST_F(ClusterServers, WhatCannotBeServedIsAnError) {
  ClusterOptions options;
  options.tls = ClusterTls{own.certificate, admin.key, ""};
  EXPECT_FALSE(ClusterServer::make(options, random, log)) << "another certificate's key";
  start();
  options = {};
  options.listen = server->address();
  EXPECT_FALSE(ClusterServer::make(options, random, log)) << "an address that is taken";
}

TEST_F(ClusterServers, ManyWatchesAreToldTheSame) {
  start();
  std::vector<std::unique_ptr<Client>> all;
  for (int i = 0; i < 50; ++i) {
    all.push_back(watch());
    EXPECT_NE(all.back()->receive().find("200 OK"), std::string::npos);
  }
  EXPECT_EQ(watches(), 50u);
  Client writer(server->address());
  for (const char* name : {"one", "two", "last"}) EXPECT_NE(post(writer, name), "");
  for (const auto& client : all) {
    const std::string got = client->receive("\"last\"");
    EXPECT_LT(got.find("\"one\""), got.find("\"two\""));
    EXPECT_NE(got.find("\"last\""), std::string::npos);
  }
  // Half of them hang up; the others hear what comes, and those that are gone are forgotten.
  all.resize(25);
  EXPECT_TRUE(comes_to(25));
  EXPECT_NE(post(writer, "after"), "");
  for (const auto& client : all)
    EXPECT_NE(client->receive("\"after\"").find("\"after\""), std::string::npos);
}

// What it has not read waits in the store, for as long as the store remembers; then its watch ends with 410.
TEST_F(ClusterServers, AWatchThatDoesNotReadFallsBehindAndIsTold) {
  ClusterOptions options;
  constexpr size_t remembered = 4u << 20;
  options.store.limits.event_bytes_per_type_max = remembered;
  start(std::move(options));
  const auto slow = watch();
  const auto quick = watch();
  EXPECT_NE(slow->receive().find("200 OK"), std::string::npos);
  constexpr size_t each = 1u << 20;
  Client writer(server->address());
  for (int i = 0; i < 40; ++i) {
    const std::string name = "n" + std::to_string(i);
    ASSERT_NE(post(writer, name, each), "") << i;
    // Whoever reads is told everything.
    while (!quick->timed_out &&
           quick->receive("\"resourceVersion\"").find("\"" + name + "\"") == std::string::npos) {
    }
    ASSERT_FALSE(quick->timed_out) << i;
  }
  EXPECT_EQ(watches(), 2u);
  size_t read = 0;
  std::string end, piece;
  do {
    piece = slow->receive("x");
    read += piece.size();
    end = (end + piece)
              .substr(end.size() + piece.size() > 4096 ? end.size() + piece.size() - 4096 : 0);
  } while (!piece.empty() && end.find("\"ERROR\"") == std::string::npos);
  EXPECT_NE(end.find("\"ERROR\""), std::string::npos);
  EXPECT_LT(read, 40 * each / 2) << "of 40 MiB: sockets' buffers, a piece, what is remembered";
  while (!piece.empty()) end += piece = slow->receive("never", seconds(1));
  EXPECT_NE(end.find("410"), std::string::npos) << end;
}

TEST_F(ClusterServers, StopsUnderOpenWatches) {
  start();
  const SocketAddress was = server->address();
  std::vector<std::unique_ptr<Client>> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(watch());
    EXPECT_NE(all.back()->receive().find("200 OK"), std::string::npos);
  }
  const RealClock clock;
  const Instant begun = clock.now();
  server->stop();
  EXPECT_LT(clock.now() - begun, seconds(2));
  EXPECT_EQ(server->watches(), 0u);
  for (const auto& client : all) {
    (void)client->receive("never");
    EXPECT_FALSE(client->timed_out);
  }
  // The store is there still, on the caller's thread; the address is the next one's.
  EXPECT_TRUE(server->with_store([](cluster::Store& store) { store.settle(); }));
  ClusterOptions options;
  options.listen = was;
  EXPECT_TRUE(ClusterServer::make(options, random, log));
}

}  // namespace
}  // namespace gateproof::net
