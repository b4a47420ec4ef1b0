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

// Many that wait share what few of them need at a time.
TEST(ReadBuffer, WhoWaitsHoldsNoBlock) {
  gateproof::testing::FakeWorld world;
  auto [server, client] = gateproof::testing::PairedStream::make(world.scheduler);
  BlockPool pool(block_bytes);
  ReadBuffer in(pool), other(pool);
  EXPECT_EQ(in.fill(*server, block_bytes).kind, IoResult::would_block);
  EXPECT_EQ(other.fill(*server, block_bytes).kind, IoResult::would_block);
  EXPECT_EQ(in.view().data(), nullptr);
  const std::string_view piece[] = {"GET /"};
  client->try_write(piece);
  EXPECT_EQ(in.fill(*server, block_bytes).kind, IoResult::bytes);
  EXPECT_EQ(pool.kept(), 0u);
  // What is unread stays.
  EXPECT_EQ(in.fill(*server, block_bytes).kind, IoResult::would_block);
  EXPECT_EQ(in.view(), "GET /");
}

TEST(BlockPool, KeepsSoManyBytesAndNoMore) {
  constexpr size_t kept = BlockPool::kept_bytes_max / block_bytes;
  BlockPool pool(block_bytes);
  std::vector<std::unique_ptr<char[]>> all;
  for (size_t i = 0; i <= kept; ++i) all.push_back(pool.take());
  EXPECT_EQ(pool.kept(), 0u);
  for (std::unique_ptr<char[]>& one : all) pool.give(std::move(one));
  EXPECT_EQ(pool.kept(), kept);
}

}  // namespace
}  // namespace gateproof::http
