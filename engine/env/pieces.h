// Work in many pieces, of which whoever comes first does each: the caller from the first one on, and somebody elsewhere
// (offload.h) from the last one on.
#pragma once
#include <mutex>

#include "engine/env/offload.h"

namespace gateproof {

template <class T>
class Pieces {
 public:
  // Pieces may be made at the same time. What `make` looks at outlives this, and does not change meanwhile.
  Pieces(Offload& elsewhere, size_t count, std::function<T(size_t)> make)
      : state_(std::make_shared<State>(count, std::move(make))) {
    if (count < 2) return;
    elsewhere.start(
        [state = state_] {
          for (size_t i = state->pieces.size(); i-- > 0;) state->done(i);
        },
        [] {});
  }
  Pieces(const Pieces&) = delete;
  // Nothing is made from now on.
  ~Pieces() {
    for (Piece& p : state_->pieces) std::call_once(p.once, [] {});
  }

  size_t size() const { return state_->pieces.size(); }
  // Each once.
  T take(size_t i) { return std::move(*state_->done(i)); }

 private:
  struct Piece {
    std::once_flag once;
    std::optional<T> value;
  };
  struct State {
    State(size_t count, std::function<T(size_t)> m) : pieces(count), make(std::move(m)) {}
    std::optional<T>& done(size_t i) {
      Piece& p = pieces[i];
      std::call_once(p.once, [&] { p.value.emplace(make(i)); });
      return p.value;
    }
    std::vector<Piece> pieces;
    std::function<T(size_t)> make;
  };
  const std::shared_ptr<State> state_;
};

}  // namespace gateproof
