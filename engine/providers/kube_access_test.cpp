// Where an API server is, and who we are to it: Traefik's options, a pod's files, and kubeconfig files with all their faults.
#include "engine/providers/kube_access.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::providers {
namespace {

class Access : public ::testing::Test {
 protected:
  testing::FakeFiles files;
  std::map<std::string, std::string, std::less<>> variables;

  Result<KubeAccess> read(const KubeAccessOptions& options = {}) {
    const MapEnvironment environment(variables);
    return read_access(options, environment, files);
  }
  Result<KubeAccess> kubeconfig(const std::string& text) {
    variables["KUBECONFIG"] = "/home/u/.kube/config";
    files.files["/home/u/.kube/config"] = text;
    return read();
  }
};

TEST_F(Access, OfOptions) {
  files.files = {{"/ca.pem", "CA"}, {"/token", "from a file\n"}};
  const auto a = read({"https://10.0.0.1:6443/base/", "secret", "/ca.pem"});
  ASSERT_TRUE(a);
  EXPECT_TRUE(a->tls);
  EXPECT_EQ(a->host, "10.0.0.1");
  EXPECT_EQ(a->port, 6443);
  EXPECT_EQ(a->url(), "https://10.0.0.1:6443/base");
  EXPECT_EQ(a->ca, "CA");
  EXPECT_EQ(a->authorization(), "Bearer secret");
  EXPECT_EQ(read({"http://h", "/token", ""})->authorization(), "Bearer from a file");
  EXPECT_EQ(read({"http://h", "", ""})->authorization(), "");
  EXPECT_EQ(read({"https://h", "", "/none"}).error().code, Code::not_found);
  // A file that is gone for a moment is no token, and its name is not told to the server.
  EXPECT_EQ(read({"http://h", "/gone", ""}).error().code, Code::not_found);
  files.files["/empty"] = "";
  EXPECT_EQ(read({"http://h", "/empty", ""}).error().code, Code::invalid);
  EXPECT_EQ(read({"http://h", "", "/empty"}).error().code, Code::invalid);
  EXPECT_EQ(read({"http://h", "a/b", ""})->token, "a/b");
  const auto nowhere = read();
  EXPECT_EQ(nowhere.error().message, "endpoint missing for external cluster client");
  EXPECT_FALSE(nowhere.error().remedy.empty());
}

TEST_F(Access, AddressesOfServers) {
  struct Row {
    const char* url;
    const char* host;  // null: refused
    int port;
  };
  const Row rows[] = {
      {"http://a", "a", 80},
      {"https://a", "a", 443},
      {"https://[::1]:8443", "::1", 8443},
      {"a.example:6443", "a.example", 6443},
      {"http://a:0", nullptr, 0},
      {"http://a:65536", nullptr, 0},
      {"ftp://a", nullptr, 0},
      {"http://", nullptr, 0},
      {"http://a?x=1", nullptr, 0},
      {"http://a b", nullptr, 0},
      {"http://a\r\nX: 1", nullptr, 0},
  };
  for (const Row& row : rows) {
    KubeAccess a;
    const Result<void> set = set_server(a, row.url);
    EXPECT_EQ(bool(set), row.host != nullptr) << row.url;
    if (!row.host) continue;
    EXPECT_EQ(a.host, row.host) << row.url;
    EXPECT_EQ(a.port, row.port) << row.url;
  }
}

TEST_F(Access, OfAPod) {
  variables = {{"KUBERNETES_SERVICE_HOST", "fd00::1"},
               {"KUBERNETES_SERVICE_PORT", "443"},
               {"KUBECONFIG", "/not/looked/at"}};
  EXPECT_FALSE(read({"http://elsewhere", "t", ""})) << "a pod has a token";
  const std::string folder = service_account_folder;
  files.files = {
      {folder + "token", "tok\n"}, {folder + "ca.crt", "CA"}, {folder + "namespace", "web"}};
  const auto a = read();
  ASSERT_TRUE(a);
  EXPECT_EQ(a->url(), "https://[fd00::1]:443");
  EXPECT_EQ(a->token, "tok");
  EXPECT_EQ(a->ca, "CA");
  EXPECT_EQ(a->name_space, "web");
  EXPECT_EQ(read({"http://elsewhere:1", "", ""})->url(), "http://elsewhere:1");
  // Empty files are being written: no token is no anonymous user, no authority not the system's.
  for (const char* file : {"token", "ca.crt"}) {
    const std::string before = std::exchange(files.files[folder + file], " \n");
    EXPECT_EQ(read().error().code, Code::invalid) << file;
    files.files[folder + file] = before;
  }
  files.files.erase(folder + "ca.crt");
  EXPECT_EQ(read()->ca, "");
  variables.erase("KUBERNETES_SERVICE_PORT");
  EXPECT_FALSE(read());
}

const std::string whole = R"(apiVersion: v1
kind: Config
current-context: b
clusters:
- {name: one, cluster: {server: "https://one:1"}}
- name: two
  cluster:
    server: https://two:2
    certificate-authority-data: Q0E=
    tls-server-name: api.internal
users:
- name: u
  user:
    client-certificate: certs/client.pem
    client-key-data: S0VZ
    tokenFile: /abs/token
    token: not this one
contexts:
- {name: a, context: {cluster: one, user: u}}
- {name: b, context: {cluster: two, user: u, namespace: team}}
)";

TEST_F(Access, OfAKubeconfig) {
  files.files = {{"/home/u/.kube/certs/client.pem", "CERT"}, {"/abs/token", "rotating\n"}};
  const auto a = kubeconfig(whole);
  ASSERT_TRUE(a) << a.error().message;
  EXPECT_EQ(a->url(), "https://two:2");
  EXPECT_EQ(a->ca, "CA");
  EXPECT_EQ(a->certificate, "CERT");
  EXPECT_EQ(a->key, "KEY");
  EXPECT_EQ(a->server_name, "api.internal");
  EXPECT_EQ(a->token, "rotating");
  EXPECT_EQ(a->name_space, "team");
  EXPECT_FALSE(a->insecure_skip_verify);
  files.files["/abs/token"] = "\n";
  const auto empty = kubeconfig(whole);
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().message.find("/abs/token: it is empty"), std::string::npos);
  EXPECT_EQ(empty.error().span.line, 16u);
}

TEST_F(Access, FaultsOfAKubeconfigAreToldWithTheirPlace) {
  struct Row {
    std::string text, says;
    uint32_t line;
  };
  const std::string rest = "\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n";
  const Row rows[] = {
      {"", "no context is current", 0},
      {"current-context: y" + rest, "context \"y\" does not exist", 1},
      {"current-context: x" + rest, "cluster \"c\" does not exist", 2},
      {"current-context: x" + rest + "clusters: [{name: c, cluster: {}}]", "no server", 3},
      {"current-context: x" + rest + "clusters: [{name: c, cluster: {server: 'http://'}}]",
       "no URL", 3},
      {"current-context: x" + rest +
           "clusters: [{name: c, cluster: {server: h, proxy-url: 'http://p'}}]",
       "proxy-url", 3},
      {"current-context: x" + rest +
           "clusters: [{name: c, cluster: {server: h, certificate-authority-data: '*'}}]",
       "no base64", 3},
      {"current-context: x" + rest +
           "clusters: [{name: c, cluster: {server: h, certificate-authority: none.pem}}]",
       "none.pem", 3},
      {"current-context: x" + rest + "clusters: [{name: c, cluster: {server: h}}]",
       "user \"u\" does not exist", 2},
      {"current-context: x" + rest +
           "clusters: [{name: c, cluster: {server: h}}]\nusers: [{name: u, user: {exec: {command: "
           "rm}}}]",
       "exec is not supported", 4},
      {"current-context: x" + rest +
           "clusters: [{name: c, cluster: {server: h}}]\nusers: [{name: u, user: {client-key-data: "
           "S0VZ}}]",
       "needs its key", 4},
      {"current-context: [x", "", 1},
  };
  for (const Row& row : rows) {
    const auto a = kubeconfig(row.text);
    ASSERT_FALSE(a) << row.text;
    EXPECT_NE(a.error().message.find(row.says), std::string::npos) << a.error().message;
    EXPECT_EQ(a.error().span.file_name(), "/home/u/.kube/config") << row.text;
    if (row.line > 0) {
      EXPECT_EQ(a.error().span.line, row.line) << row.text;
    }
  }
}

TEST_F(Access, FilesAreBounded) {
  const std::string fits(kube_file_bytes_max, 'x');
  files.files = {{"/fits", fits}, {"/over", fits + "x"}};
  EXPECT_EQ(read({"http://h", "/fits", ""})->token.size(), fits.size());
  EXPECT_EQ(read({"http://h", "", "/over"}).error().code, Code::limit);
}

}  // namespace
}  // namespace gateproof::providers
