#include "engine/http/read_buffer.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"
#include "engine/env/testing/stream_pair.h"

namespace gateproof::http {
namespace {

constexpr size_t block_bytes = 4096;

TEST(ReadBuffer, ParkingKeepsWhatIsUnreadAndGivesTheBlockBack) {
  BlockPool pool(block_bytes);
  ReadBuffer in(pool);
  in.put("GET / HTTP/1.1\r\nHost: a");
  in.consume(4);
  const char* const block = in.view().data() - 4;
  in.park();
  EXPECT_EQ(in.view(), "/ HTTP/1.1\r\nHost: a");
  // The next borrower has it; the parked bytes are elsewhere.
  const std::unique_ptr<char[]> borrowed = pool.take();
  EXPECT_EQ(borrowed.get(), block);
  std::fill_n(borrowed.get(), block_bytes, 'x');
  EXPECT_EQ(in.view(), "/ HTTP/1.1\r\nHost: a");
}

TEST(ReadBuffer, WhatComesAfterParkingIsAppended) {
  BlockPool pool(block_bytes);
  ReadBuffer in(pool);
  in.put("GET /");
  in.park();
  EXPECT_EQ(in.space(block_bytes).size(), block_bytes - 5);
  in.put(std::string(block_bytes, 'a'));
  EXPECT_EQ(in.view(), "GET /" + std::string(block_bytes, 'a'));
  in.consume(in.view().size());
  EXPECT_TRUE(in.empty());
}

TEST(ReadBuffer, MuchIsNotParked) {
  BlockPool pool(block_bytes);
  ReadBuffer in(pool);
  in.put(std::string(ReadBuffer::parked_bytes_max + 1, 'a'));
  const char* const at = in.view().data();
  in.park();
  EXPECT_EQ(in.view().data(), at);
  in.consume(1);
  in.park();
  EXPECT_NE(in.view().data(), at + 1);
  EXPECT_EQ(in.view().size(), ReadBuffer::parked_bytes_max);
}

TEST(ReadBuffer, AnEmptyOneIsNotParked) {
  BlockPool pool(block_bytes);
  ReadBuffer in(pool);
  in.park();
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.space(block_bytes).size(), block_bytes);
}

TEST(ReadBuffer, WhoWaitsHoldsNoBlock) {
  testing::FakeWorld world;
  auto [near, far] = testing::PairedStream::make(world.scheduler);
  BlockPool pool(block_bytes);
  ReadBuffer in(pool);
  EXPECT_EQ(in.fill(*near, block_bytes).kind, IoResult::would_block);
  EXPECT_EQ(in.view().data(), nullptr);
  const std::string_view piece[] = {"abc"};
  ASSERT_EQ(far->try_write(piece).n, 3u);
  EXPECT_EQ(in.fill(*near, block_bytes).n, 3u);
  EXPECT_EQ(in.view(), "abc");
}

}  // namespace
}  // namespace gateproof::http
