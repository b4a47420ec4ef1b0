#include "engine/env/scheduler.h"

namespace gateproof {

void Timer::arm(Instant at) {
  cancel();
  at_ = at;
  scheduler_.insert(*this);
}

void Timer::cancel() {
  if (armed()) scheduler_.erase(*this);
}

void WakeTimer::fired() {
  expired = true;
  if (waiter) waiter->executor->post(*waiter);
}

Scheduler::~Scheduler() { roots_.clear(); }

uint64_t Scheduler::spawn(std::string name, Task<void> task) {
  const uint64_t id = next_id_++;
  auto root = std::make_unique<Root>(Root{std::move(name), std::move(task)});
  Root& r = *root;
  roots_.emplace(id, std::move(root));
  if (r.task.start_root(*this, r.name.c_str(), id)) roots_.erase(id);
  return id;
}

void Scheduler::cancel(uint64_t id) { roots_.erase(id); }

void Scheduler::cancel_all() {
  // A destroyed task may cancel others: the map must not be the one being cleared.
  std::map<uint64_t, std::unique_ptr<Root>> roots = std::move(roots_);
  roots_.clear();
}

void Scheduler::reap() {
  while (!finished_.empty()) {
    std::vector<uint64_t> ids = std::move(finished_);
    finished_.clear();
    for (uint64_t id : ids) roots_.erase(id);
  }
}

size_t Scheduler::run_ready(size_t budget) {
  size_t n = 0;
  while (n < budget && run_one()) {
    ++n;
    if (!finished_.empty()) reap();
  }
  return n;
}

void Scheduler::fire_timers(Instant now) {
  while (!heap_.empty() && heap_.front()->at_ <= now) {
    Timer& t = *heap_.front();
    erase(t);
    t.fired();
  }
}

std::string Scheduler::dump() const {
  std::string out;
  for (const auto& [id, root] : roots_) {
    const Waiter* self = &root->task.waiter();
    out += root->name + ": ";
    out += self->awaiting ? self->awaiting : "ready";
    for (const Timer* t : heap_) {
      const auto* wake = dynamic_cast<const WakeTimer*>(t);
      if (wake && wake->waiter && wake->waiter->root == self) {
        out += ", until " + std::to_string(t->at_.time_since_epoch().count()) + " ns";
      }
    }
    out += '\n';
  }
  return out;
}

void Scheduler::insert(Timer& t) {
  t.sequence_ = sequence_++;
  heap_.push_back(&t);
  background_ += t.background_;
  t.index_ = heap_.size() - 1;
  up(t.index_);
}

void Scheduler::erase(Timer& t) {
  const size_t i = t.index_;
  t.index_ = Timer::npos;
  background_ -= t.background_;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &t) return;
  place(i, last);
  up(i);
  down(last->index_);
}

void Scheduler::place(size_t i, Timer* t) {
  heap_[i] = t;
  t->index_ = i;
}

void Scheduler::up(size_t i) {
  Timer* t = heap_[i];
  while (i > 0) {
    const size_t parent = (i - 1) / 2;
    if (!before(*t, *heap_[parent])) break;
    place(i, heap_[parent]);
    i = parent;
  }
  place(i, t);
}

void Scheduler::down(size_t i) {
  Timer* t = heap_[i];
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *t)) break;
    place(i, heap_[child]);
    i = child;
  }
  place(i, t);
}

Task<void> sleep_until(Scheduler& s, Instant t) {
  Waiter& me = co_await ThisWaiter{};
  WakeTimer timer(s, &me);
  timer.arm(t);
  while (!timer.expired) co_await Suspend{"sleep"};
}

Task<void> sleep_in_background(Scheduler& s, Instant t) {
  Waiter& me = co_await ThisWaiter{};
  WakeTimer timer(s, &me);
  timer.set_background();
  timer.arm(t);
  while (!timer.expired) co_await Suspend{"background sleep"};
}

void TaskGroup::add(Task<void> t) {
  if (t.start_root(executor_, "group")) return;
  if (joiner_) t.set_parent(joiner_);
  tasks_.push_back(std::move(t));
}

size_t TaskGroup::running() const {
  size_t n = 0;
  for (const Task<void>& t : tasks_) n += t.done() ? 0 : 1;
  return n;
}

Task<void> TaskGroup::join() {
  joiner_ = &co_await ThisWaiter{};
  for (Task<void>& t : tasks_) t.set_parent(joiner_);
  while (running() > 0) co_await Suspend{"join"};
  joiner_ = nullptr;
  tasks_.clear();
}

}  // namespace gateproof
