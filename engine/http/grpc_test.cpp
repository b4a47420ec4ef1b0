#include "engine/http/grpc.h"

#include <gtest/gtest.h>

namespace gateproof::http {
namespace {

using namespace std::string_literals;

TEST(Grpc, FramesAndTheirMessages) {
  EXPECT_EQ(grpc_frame("hi"), "\0\0\0\0\2hi"s);
  EXPECT_EQ(grpc_frame(std::string(0x10203, 'x')).substr(0, 5), "\0\0\1\2\3"s);
  struct Row {
    std::string framed, message;
  };
  for (const Row& row :
       std::vector<Row>{{"\0\0\0\0\2hi"s, "hi"},
                        {"\0\0\0\0\0"s, ""},
                        {"\0\0\0\0"s, "!no message was sent"},
                        {"\1\0\0\0\0"s, "!a compressed message that was not asked for"},
                        {"\0\0\0\0\1"s, "!a message of another length than it says"},
                        {"\0\0\0\0\0x"s, "!a message of another length than it says"}}) {
    const Result<std::string_view> got = grpc_message(row.framed);
    EXPECT_EQ(got ? std::string(*got) : "!" + got.error().message, row.message);
  }
}

TEST(Grpc, TheStatusOfTrailersComesBeforeThatOfTheHead) {
  Response r = Response::make(200);
  EXPECT_FALSE(grpc_status(r));
  r.headers.add("grpc-status", "5");
  r.headers.add("grpc-message", "head");
  EXPECT_EQ(grpc_status(r)->code, 5);
  EXPECT_EQ(grpc_status(r)->message, "head");
  r.trailers = std::make_unique<Headers>();
  r.trailers->add("grpc-status", "7");
  EXPECT_EQ(grpc_status(r)->code, 7);
  r.trailers->set("grpc-status", "seven");
  EXPECT_FALSE(grpc_status(r));
}

TEST(Grpc, CodesHaveNames) {
  EXPECT_EQ(grpc_code_name(0), "OK");
  EXPECT_EQ(grpc_code_name(16), "Unauthenticated");
  EXPECT_EQ(grpc_code_name(17), "Code(17)");
  EXPECT_EQ(grpc_code_name(-1), "Code(-1)");
}

}  // namespace
}  // namespace gateproof::http
