// Certificates, authorities and tokens that are replaced while a cluster is followed, in virtual time: who turns them in order is
// never noticed, and who does not is got over.
#include "engine/env/testing/fake.h"
#include "engine/sim/kube_follow_test.h"
#include "engine/tls/connector.h"
#include "engine/tls/testing/certificates.h"

namespace gateproof::sim {
namespace {

using namespace std::chrono_literals;
using tls::testing::make_certificate;
using tls::testing::Pem;

const std::string folder = "/etc/kube/";
constexpr const char* kubeconfig = R"(current-context: x
contexts: [{name: x, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", certificate-authority: ca.pem}}]
users: [{name: u, user: {client-certificate: client.pem, client-key: client.key, tokenFile: token}}]
)";

// An authority, and what it has signed.
struct Generation {
  explicit Generation(int n)
      : authority(make_certificate({.common_name = "ca" + std::to_string(n), .authority = true})),
        server(make_certificate({.common_name = "api", .names = {"IP:127.0.0.1"}}, &authority)),
        name("client" + std::to_string(n)),
        client(make_certificate({.common_name = name, .usage = "clientAuth"}, &authority)),
        token("token" + std::to_string(n)) {}
  Pem authority, server;
  std::string name;
  Pem client;
  std::string token;
};

class Rotation : public Follow {
 protected:
  void make_secure(uint64_t seed) {
    TearDown();
    follower.reset();
    make(seed);
    files.files = {{folder + "config", kubeconfig}};
    rig->hooks.access = [this] {
      return providers::read_access({}, MapEnvironment({{"KUBECONFIG", folder + "config"}}), files);
    };
    rig->hooks.connector = [this](const providers::KubeAccess& a) { return connector(a); };
    rig->hooks.trouble = [this](const std::string& what) { log.push_back(what); };
    client = std::make_unique<providers::KubeClient>(rig->env, rig->hooks);
    write(current);
    serve(current, {&current});
    rig->host.token = current.token;
  }
  void SetUp() override { make_secure(1); }
  void TearDown() override {
    Follow::TearDown();
    client.reset();
  }
  providers::KubeClient& client_in_use() override { return *client; }

  Result<std::shared_ptr<TlsConnector>> connector(const providers::KubeAccess& a) {
    tls::ClientSettings settings;
    settings.roots.push_back(a.ca);
    settings.certificates.emplace_back(a.certificate, a.key);
    settings.strict = true;
    auto made = tls::ClientContext::make(settings);
    if (!made) return made.error();
    return std::shared_ptr<TlsConnector>(
        std::make_shared<tls::Connector>(std::move(*made), rig->clock, true));
  }
  // The server's own certificate, and whose clients it takes.
  void serve(const Generation& own, const std::vector<const Generation*>& clients,
             tls::ClientAuth auth = tls::ClientAuth::require_and_verify) {
    tls::ServerSettings settings;
    settings.client_auth = auth;
    for (const Generation* g : clients)
      settings.client_authorities.push_back(g->authority.certificate);
    rig->host.tls = *tls::ServerContext::make(settings);
    rig->host.identity = *tls::Identity::load(own.server.certificate, own.server.key);
  }
  void write(const Generation& g) {
    write_authorities({&g});
    files.files[folder + "client.pem"] = g.client.certificate;
    files.files[folder + "client.key"] = g.client.key;
    files.files[folder + "token"] = g.token + "\n";
  }
  void write_authorities(const std::vector<const Generation*>& from) {
    std::string& ca = files.files[folder + "ca.pem"];
    ca.clear();
    for (const Generation* g : from) ca += g->authority.certificate;
  }
  void restart() {
    rig->host.down();
    rig->host.up();
  }

  gateproof::testing::FakeFiles files;
  Generation current{1}, next{2};
  std::unique_ptr<providers::KubeClient> client;
};

// kube-controller-manager and kubelet do it so: both are taken for a while.
TEST_F(Rotation, InOrderNobodyNotices) {
  rig->host.put(things, "a", "first", value(1));  // stays: by it a server is known again
  begin();
  rig->pass(10s);
  ASSERT_TRUE(follower->synced());
  log.clear();
  write_authorities({&current, &next});
  rig->pass(1min);
  serve(next, {&current, &next});
  rig->host.old_token = current.token;
  rig->host.token = next.token;
  restart();
  rig->pass(1min);
  write(next);
  rig->host.put(things, "a", "one", value(1));
  rig->pass(2min);
  serve(next, {&next});
  rig->host.old_token.clear();
  for (int i = 0; i < 3; ++i) {
    restart();
    rig->host.put(things, "a", "n" + std::to_string(i), value(1));
    rig->pass(1min);
    EXPECT_EQ(state, model());
  }
  EXPECT_EQ(rig->host.seen.back().client, "client2");
  EXPECT_EQ(rig->host.seen.back().authorization, "Bearer token2");
  EXPECT_FALSE(logged("cannot be"));
  EXPECT_FALSE(logged("stays in use"));
  EXPECT_EQ(reflector().lists(), 1u);
}

TEST_F(Rotation, ATokenThatHasRunOutIsReadAgainAtOnce) {
  begin();
  rig->pass(5s);  // within kube_access_time: what was read is still believed
  rig->host.token = next.token;
  files.files[folder + "token"] = next.token;
  restart();
  rig->pass(2s);
  EXPECT_FALSE(logged("401"));
  EXPECT_EQ(rig->host.seen.back().authorization, "Bearer token2");
  EXPECT_TRUE(std::any_of(rig->host.seen.begin(), rig->host.seen.end(),
                          [&](const auto& s) { return s.authorization == "Bearer token1"; }));
}

// An open watch is no reason to go on with a certificate that is to be withdrawn; a token is asked for at its beginning only.
TEST_F(Rotation, AWatchMovesToTheNewCertificateWithinItsPeriod) {
  serve(current, {&current, &next});
  begin();
  rig->pass(10s);
  const auto watches = [&] { return reflector().watches(); };
  files.files[folder + "token"] = rig->host.token = "another";
  rig->pass(2 * providers::kube_rotation_period);
  EXPECT_EQ(watches(), 1u);
  files.files[folder + "client.pem"] = next.client.certificate;
  files.files[folder + "client.key"] = next.client.key;
  rig->pass(providers::kube_rotation_period + 1s);
  EXPECT_EQ(watches(), 2u);
  EXPECT_EQ(rig->host.seen.back().client, "client2");
  EXPECT_EQ(reflector().lists(), 1u);
  rig->pass(2 * providers::kube_rotation_period);
  EXPECT_EQ(watches(), 2u);
  rig->host.put(things, "a", "one", value(1));
  rig->pass(1s);
  EXPECT_EQ(state, model());
}

// A certificate whose key is not there yet, an empty token, an authority that is gone: what was known goes on.
TEST_F(Rotation, HalfOfARotationIsNotUsed) {
  begin();
  rig->pass(10s);
  struct Row {
    std::string file, text, says;
  };
  for (const Row& row :
       {Row{"client.pem", next.client.certificate, "client certificate: "},
        Row{"token", " \n", "token: it is empty"}, Row{"ca.pem", "", "ca.pem: it is empty"},
        Row{"ca.pem", "-----BEGIN CERTIFICATE-----\nx", "certificate authority: "},
        Row{"config", "current-context: [", ""}}) {
    log.clear();
    const std::string before = std::exchange(files.files[folder + row.file], row.text);
    rig->pass(11s);
    restart();
    rig->pass(30s);
    rig->host.put(things, "a", row.file, value(1));
    rig->pass(1s);
    EXPECT_EQ(state, model()) << row.file;
    EXPECT_FALSE(logged("cannot be")) << row.file;
    EXPECT_TRUE(logged("stays in use")) << row.file;
    EXPECT_TRUE(logged(row.says)) << row.file;
    EXPECT_EQ(std::count_if(
                  log.begin(), log.end(),
                  [](const std::string& l) { return l.find("stays in use") != std::string::npos; }),
              1)
        << "told once";
    files.files[folder + row.file] = before;
    rig->pass(11s);
  }
  EXPECT_EQ(reflector().lists(), 1u);
}

// The new authority comes to us after the server has its certificate: nothing is asked of a server that cannot be known.
TEST_F(Rotation, AServerThatIsNotKnownIsNotSpokenTo) {
  begin();
  rig->pass(10s);
  serve(next, {&current, &next});
  restart();
  const size_t asked = rig->host.seen.size();
  rig->host.put(things, "a", "one", value(1));
  rig->pass(1min);
  EXPECT_EQ(rig->host.seen.size(), asked);
  EXPECT_TRUE(logged("cannot be watched"));
  EXPECT_TRUE(state.empty());
  write_authorities({&next});
  rig->pass(providers::kube_backoff_max * 3 / 2 + 1s);
  EXPECT_EQ(state, model());
}

// Everything at once and in any order, and then peace.
class RotationTorture : public Rotation {
 protected:
  uint64_t values = 0;
  std::set<std::string> removed;

  void change_objects(RandomStream& random) {
    KubeHost& host = rig->host;
    const std::string name = "n" + std::to_string(random.below(8));
    if (host.kinds[things].objects.contains({"a", name}) && random.below(3) == 0) {
      host.remove(things, "a", name);
      removed.insert("Thing a/" + name);
    } else {
      host.put(things, "a", name, value(++values));
    }
  }
  void change_files(RandomStream& random) {
    const Generation& g = random.below(2) ? current : next;
    auto& f = files.files;
    switch (random.below(8)) {
      case 0: f[folder + "client.pem"] = g.client.certificate; break;
      case 1: f[folder + "client.key"] = g.client.key; break;
      case 2: f[folder + "token"] = g.token; break;
      case 3: f[folder + "token"].clear(); break;
      case 4: write_authorities({&g}); break;
      case 5: write_authorities({&current, &next}); break;
      case 6: f.erase(folder + "ca.pem"); break;
      default: write(g);
    }
  }
  void change_server(RandomStream& random) {
    const Generation& g = random.below(2) ? current : next;
    const bool both = random.below(2) == 0;
    const auto auth =
        random.below(2) ? tls::ClientAuth::require_and_verify : tls::ClientAuth::verify_if_given;
    serve(g, both ? std::vector<const Generation*>{&current, &next} : std::vector{&g}, auth);
    rig->host.token = random.below(2) ? current.token : next.token;
    rig->host.old_token = both ? next.token : "";
    if (random.below(2) == 0) restart();
    if (random.below(8) == 0) rig->host.down();
  }
  void run(uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomStream random(seed);
    rig->host.faults = {.cut = 20, .refuse = 9, .hang_up = 9, .expire = 12};
    rig->transport.link.segment_bytes_max = 1 + random.below(300);
    begin();
    for (int i = 0; i < 120; ++i) {
      change_objects(random);
      if (random.below(2) == 0) change_files(random);
      if (random.below(4) == 0) change_server(random);
      rig->pass(Duration(random.below(random.below(6) == 0 ? 40'000'000'000 : 400'000'000)));
      if (random.below(4) == 0) rig->host.up();
    }
    rig->host.faults = {};
    serve(next, {&next});
    rig->host.token = next.token;
    rig->host.old_token.clear();
    write(next);
    rig->host.up();
    rig->pass(5min);
    EXPECT_TRUE(follower->synced());
    EXPECT_EQ(state, model());
    for (const std::string& name : gone) EXPECT_TRUE(removed.contains(name)) << name;
  }
};

TEST_F(RotationTorture, EndsWithWhatAFreshListSays) {
  for (uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    make_secure(seed);
    state.clear();
    gone.clear();
    removed.clear();
    log.clear();
    run(seed);
  }
}

}  // namespace
}  // namespace gateproof::sim
