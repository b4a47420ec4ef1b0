// What the answer of a gRPC health check says, byte by byte; calls are in sim/health_test.cpp.
#include "engine/upstream/grpc_health.h"

#include <gtest/gtest.h>

namespace gateproof::upstream {
namespace {

std::string framed(const std::string& message, int compressed = 0) {
  std::string out(1, static_cast<char>(compressed));
  out += std::string(3, '\0');
  out += static_cast<char>(message.size());
  return out + message;
}

TEST(GrpcHealth, Verdicts) {
  struct Row {
    std::string bytes, verdict;
  };
  using namespace std::string_literals;
  const auto bad = [](const std::string& why) {
    return "gRPC health check failed: rpc error: code = Internal desc = " + why;
  };
  const std::string unread = bad("the message cannot be read");
  for (const Row& row : std::vector<Row>{
           {framed("\x08\x01"), ""},
           {framed("\x08\x02"), "received gRPC status code: NOT_SERVING"},
           {framed("\x08\x03"), "received gRPC status code: SERVICE_UNKNOWN"},
           {framed(""), "received gRPC status code: UNKNOWN"},
           {framed("\x08\x07"), "received gRPC status code: 7"},
           {framed("\x08\x02\x08\x01"), ""},                                // the last one counts
           {framed("\x12\x02hi\x1d....\x21........\x18\x05\x08\x01"), ""},  // other fields
           {framed("\x08\x81\x00"s), ""},                                   // a longer varint
           {framed("\x08"), unread},
           {framed("\x12\x05hi"), unread},
           {framed("\x1d..."), unread},
           {framed("\x0b"), unread},
           {framed("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), unread},
           {"", bad("no message was sent")},
           {"\0\0\0\0"s, bad("no message was sent")},
           {framed("\x08\x01", 1), bad("a compressed message that was not asked for")},
           {framed("\x08\x01") + "x", bad("a message of another length than it says")}}) {
    EXPECT_EQ(grpc_health_verdict(row.bytes), row.verdict);
  }
}

TEST(GrpcHealth, OnlyTheChecksOwnSchemeCounts) {
  for (const std::string scheme : {"", "http", "h2c", "https"}) {
    HealthTarget t;
    t.server.scheme = "https";
    t.server.authority = "a.test:50051";
    t.broken = "a method that is none";
    make_grpc_target(t, scheme);
    EXPECT_EQ(t.broken.empty(), scheme != "https");
    EXPECT_EQ(t.server.scheme + " " + t.host + " " + t.target,
              "h2c a.test:50051 /grpc.health.v1.Health/Check");
  }
}

}  // namespace
}  // namespace gateproof::upstream
