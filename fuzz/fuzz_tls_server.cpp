// Any bytes to a TLS server: behind nothing, behind a good ClientHello, or inside a session; the first byte chooses. It may
// refuse and must not crash, a session that has failed stays failed, and nothing comes out that was not said inside.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/env/testing/fake.h"
#include "engine/tls/session.h"

using namespace gateproof;
using namespace gateproof::tls;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

class Wire final : public Ciphertext {
 public:
  std::string in, out;
  size_t step = SIZE_MAX;
  IoResult take(std::span<char> into) override {
    if (in.empty()) return {};
    const size_t n = std::min({into.size(), in.size(), step});
    std::copy_n(in.data(), n, into.data());
    in.erase(0, n);
    return {IoResult::bytes, n};
  }
  void put(std::string_view records) override { out += records; }
};

struct World {
  testing::FakeRandom random;
  std::shared_ptr<const Identity> identity;
  std::shared_ptr<const ServerContext> server;
  std::shared_ptr<const ClientContext> client;
  World() {
    RandomStream stream = random.stream("fuzz");
    identity = *Identity::self_signed(stream, 1'700'000'000'000'000'000);
    ServerSettings s;
    s.min_version = "VersionTLS10";
    s.alpn = {"h2", "http/1.1"};
    s.client_auth = ClientAuth::request;
    server = *ServerContext::make(s);
    ClientSettings c;
    c.insecure_skip_verify = true;
    client = *ClientContext::make(c);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const World world;
  const int where = data[0] % 3;
  Wire at_server, at_client;
  at_server.step = data[1] == 0 ? SIZE_MAX : data[1];
  const std::string bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  Session server(at_server, world.server, world.identity.get(), 0);
  Session client(at_client, world.client, "a.test", {"http/1.1"}, 0);
  if (where > 0) client.handshake();
  at_server.in = std::exchange(at_client.out, {});
  if (where == 2) {
    require(server.handshake() == Progress::wants_input);
    at_client.in = at_server.out;
    require(client.handshake() == Progress::done);
    at_server.in = std::exchange(at_client.out, {});
  }
  at_server.in += bytes;
  Progress p = Progress::wants_input;
  for (int turn = 0; turn < 4 && p == Progress::wants_input; ++turn) p = server.handshake();
  if (where == 0) require(p != Progress::done);
  if (p == Progress::done) {
    char plain[100];
    size_t n = 0;
    p = server.read(plain, n);
    require(p != Progress::done || n <= sizeof plain);
    // Nobody without the keys makes a record that is read.
    if (where == 2) require(p != Progress::done);
  }
  if (p == Progress::failed) require(server.handshake() != Progress::done || server.established());
  return 0;
}
