// Offload: work that takes long and waits for nothing (the hash of a password), away from the event loop, which serves
// everybody else meanwhile. A pool of threads in net; at once, in no virtual time, in the simulator and in tests.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "engine/base/task.h"

namespace gateproof {

class Offload {
 public:
  virtual ~Offload() = default;
  // Runs `work` somewhere, and then `done` on the caller's own thread. `work` is a pure function of what it holds: it may
  // outlive the caller, and touches nothing of any loop. False: as much waits already as may wait, and neither is run.
  virtual bool start(std::function<void()> work, std::function<void()> done) = 0;
};

// Does everything at once.
Offload& inline_offload();

// The value of `work`; nullopt when too much other work waits. A caller that is destroyed meanwhile is not told.
template <class T>
Task<std::optional<T>> run_elsewhere(Offload& offload, std::function<T()> work) {
  struct State {
    std::optional<T> value;  // the work's until `done`
    Waiter* waiter = nullptr;
    bool done = false;
  };
  const auto state = std::make_shared<State>();
  struct Forget {
    State& state;
    ~Forget() { state.waiter = nullptr; }
  } forget{*state};
  state->waiter = &co_await ThisWaiter{};
  const bool taken =
      offload.start([state, work = std::move(work)] { state->value.emplace(work()); },
                    [state] {
                      state->done = true;
                      if (state->waiter) state->waiter->executor->post(*state->waiter);
                    });
  if (!taken) co_return std::nullopt;
  while (!state->done) co_await Suspend{"work elsewhere"};
  co_return std::move(state->value);
}

}  // namespace gateproof
