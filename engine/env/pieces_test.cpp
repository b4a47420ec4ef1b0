#include "engine/env/pieces.h"

#include <gtest/gtest.h>

namespace gateproof {
namespace {

// Holds what it is given until it is run.
struct Later final : Offload {
  std::vector<std::function<void()>> works;
  bool takes = true;
  bool start(std::function<void()> work, std::function<void()>) override {
    if (takes) works.push_back(std::move(work));
    return takes;
  }
};

std::vector<size_t> squares(Pieces<size_t>& pieces) {
  std::vector<size_t> out;
  for (size_t i = 0; i < pieces.size(); ++i) out.push_back(pieces.take(i));
  return out;
}

TEST(Pieces, AreMadeOnceWhoeverComesFirst) {
  const std::vector<size_t> wanted = {0, 1, 4, 9};
  std::vector<size_t> made;
  const auto make = [&made](size_t i) {
    made.push_back(i);
    return i * i;
  };
  {
    Pieces<size_t> at_once(inline_offload(), 4, make);
    EXPECT_EQ(made, (std::vector<size_t>{3, 2, 1, 0}));
    EXPECT_EQ(squares(at_once), wanted);
    EXPECT_EQ(made.size(), 4u);
  }
  made.clear();
  Later later;
  {
    Pieces<size_t> here(later, 4, make);
    EXPECT_EQ(here.take(0), 0u);
    later.works.at(0)();
    EXPECT_EQ(made, (std::vector<size_t>{0, 3, 2, 1}));
    EXPECT_EQ(here.take(3), 9u);
  }
  made.clear();
  later.takes = false;
  Pieces<size_t> alone(later, 4, make);
  EXPECT_EQ(squares(alone), wanted);
}

TEST(Pieces, NothingIsMadeAfterwards) {
  Later later;
  int made = 0;
  {
    Pieces<int> pieces(later, 3, [&made](size_t) { return ++made; });
  }
  ASSERT_EQ(later.works.size(), 1u);
  later.works[0]();
  EXPECT_EQ(made, 0);
}

TEST(Pieces, OneOrNoneIsNobodyElsesWork) {
  Later later;
  Pieces<int> none(later, 0, [](size_t) { return 1; });
  Pieces<int> one(later, 1, [](size_t) { return 7; });
  EXPECT_EQ(one.take(0), 7);
  EXPECT_TRUE(later.works.empty());
}

}  // namespace
}  // namespace gateproof
