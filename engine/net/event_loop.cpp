#include "engine/net/event_loop.h"

#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace gateproof::net {

bool Mailbox::post(std::function<void()> work) {
  const std::scoped_lock lock(mutex_);
  if (wake_fd_ < 0) return false;
  work_.push_back(std::move(work));
  if (work_.size() == 1) {
    const uint64_t one = 1;
    // An eventfd takes 8 bytes or says that it is awake already; neither needs a reaction.
    [[maybe_unused]] const ssize_t n = ::write(wake_fd_, &one, sizeof one);
  }
  return true;
}

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return Error(Code::io, errno_text("epoll_create1", errno));
  Fd wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return Error(Code::io, errno_text("eventfd", errno));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;  // the wake-up descriptor
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return Error(Code::io, errno_text("epoll_ctl", errno));
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wake)));
}

EventLoop::EventLoop(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {
  mailbox_->wake_fd_ = wake_.get();
}

EventLoop::~EventLoop() {
  std::vector<std::function<void()>> dropped;
  const std::scoped_lock lock(mailbox_->mutex_);
  mailbox_->wake_fd_ = -1;
  dropped.swap(mailbox_->work_);
}

Result<void> EventLoop::add(int fd, Pollable& pollable) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &pollable;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error(Code::io, errno_text("epoll_ctl", errno));
  }
  pollable.epoll_ = epoll_.get();
  return {};
}

void Pollable::close_watched(Fd& fd) {
  if (fd && epoll_ >= 0) epoll_ctl(epoll_, EPOLL_CTL_DEL, fd.get(), nullptr);
  fd.close();
}

void EventLoop::run() {
  stopped_ = false;
  while (!stopped_) run_once(Duration::max());
}

bool EventLoop::run_until(const std::function<bool()>& done, Duration longest) {
  clock_.refresh();
  const Instant end = clock_.now() + longest;
  scheduler_.run_ready();
  while (!done()) {
    if (clock_.now() >= end) return false;
    run_once(end - clock_.now());
  }
  return true;
}

int EventLoop::timeout_ms(Duration longest) const {
  if (scheduler_.ready()) return 0;
  const Instant next = scheduler_.next_timer();
  if (next != instant_max) longest = std::min(longest, next - clock_.now());
  if (longest == Duration::max()) return -1;
  if (longest <= Duration::zero()) return 0;
  // Rounded up: waking a moment before a timer would only mean waiting again.
  const int64_t ms = (longest.count() + 999'999) / 1'000'000;
  return static_cast<int>(std::min<int64_t>(ms, 3'600'000));
}

void EventLoop::run_once(Duration longest) {
  std::array<epoll_event, events_per_wait_max> events;
  const int n = epoll_wait(epoll_.get(), events.data(), events_per_wait_max, timeout_ms(longest));
  clock_.refresh();
  bool woken = false;
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.ptr) {
      static_cast<Pollable*>(event.data.ptr)->on_events(event.events);
    } else {
      woken = true;
    }
  }
  if (scheduler_.next_timer() <= clock_.now()) scheduler_.fire_timers(clock_.now());
  if (woken) run_posted();
  scheduler_.run_ready(resumes_per_round_max);
}

void EventLoop::run_posted() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &count, sizeof count);
  std::vector<std::function<void()>> work;
  {
    const std::scoped_lock lock(mailbox_->mutex_);
    work.swap(mailbox_->work_);
  }
  for (const std::function<void()>& f : work) f();
}

void EventLoop::stop() {
  post([this] { stopped_ = true; });
}

void EventLoop::post(std::function<void()> work) { mailbox_->post(std::move(work)); }

}  // namespace gateproof::net
