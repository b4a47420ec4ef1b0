// An OCSP responder's answer: read without a fault whatever it is, never good (nobody can sign for this issuer), and refused with one
// of the two codes. The other bytes from a server that are read by hand: a gRPC health answer, which is SERVING or says why not.
#include <cstddef>
#include <cstdint>

#include "engine/base/assert.h"
#include "engine/env/testing/fake.h"
#include "engine/tls/ocsp.h"
#include "engine/upstream/grpc_health.h"

using namespace gateproof;

namespace {

constexpr int64_t wall_ns = 1'700'000'000'000'000'000;

const tls::Identity& identity() {
  static const auto made = [] {
    testing::FakeRandom random;
    RandomStream stream = random.stream("fuzz");
    return *tls::Identity::self_signed(stream, wall_ns);
  }();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto answer = tls::read_ocsp_answer(input, identity(), wall_ns);
  GP_ASSERT(!answer);
  GP_ASSERT((answer.error().code == Code::limit) == (size > tls::staple_bytes_max));
  GP_ASSERT(answer.error().code == Code::limit || answer.error().code == Code::protocol);
  const std::string verdict = upstream::grpc_health_verdict(input);
  GP_ASSERT(!verdict.empty() || size >= 7);  // a frame and `status: SERVING`
  return 0;
}
