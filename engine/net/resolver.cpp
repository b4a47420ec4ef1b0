#include "engine/net/resolver.h"

#include <thread>

#include <netdb.h>
#include <sys/socket.h>

#include "engine/net/socket.h"

namespace gateproof::net {

namespace {

using Answer = Result<std::vector<IpAddress>>;

Answer ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (failure == EAI_NONAME || failure == EAI_ADDRFAMILY || failure == EAI_NODATA) {
    hints.ai_flags = 0;  // a machine with nothing but loopback still has names for it
    failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  }
  if (failure == EAI_AGAIN)
    return Error(Code::timeout, Source::upstream, "lookup " + host + ": no name server answered");
  if (failure != 0)
    return Error(Code::not_found, Source::upstream, "lookup " + host + ": no such host");
  std::vector<IpAddress> addresses;
  for (const addrinfo* a = list; a; a = a->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, a->ai_addr, std::min<size_t>(a->ai_addrlen, sizeof storage));
    addresses.push_back(from_raw(storage).ip);
  }
  ::freeaddrinfo(list);
  return addresses;
}

}  // namespace

// One lookup. The waiting frame and the helper thread both hold it; only the loop's thread touches `waiter` and `answer`.
struct Lookup {
  std::string host;
  Waiter* waiter = nullptr;
  std::optional<Answer> answer;
};

// Belongs to the loop's thread; helper threads only carry it.
struct RealResolver::Shared {
  std::shared_ptr<Mailbox> mailbox;
  std::deque<std::shared_ptr<Lookup>> queue;
  size_t running = 0;
  bool closed = false;
};

namespace {

void start_next(const std::shared_ptr<RealResolver::Shared>& shared);

void finish(const std::shared_ptr<RealResolver::Shared>& shared, Lookup& lookup, Answer answer) {
  --shared->running;
  lookup.answer = std::move(answer);
  if (lookup.waiter) lookup.waiter->executor->post(*lookup.waiter);
  start_next(shared);
}

void work(std::shared_ptr<RealResolver::Shared> shared, std::shared_ptr<Lookup> lookup,
          std::string host) {
  Answer answer = ask_system(host);
  const std::shared_ptr<Mailbox> mailbox = shared->mailbox;
  // Moved whole: after posting, this thread holds nothing that the loop's thread uses.
  mailbox->post(
      [shared = std::move(shared), lookup = std::move(lookup),
       answer = std::move(answer)]() mutable { finish(shared, *lookup, std::move(answer)); });
}

void start_next(const std::shared_ptr<RealResolver::Shared>& shared) {
  while (!shared->closed && !shared->queue.empty() &&
         shared->running < RealResolver::lookups_at_once_max) {
    std::shared_ptr<Lookup> lookup = std::move(shared->queue.front());
    shared->queue.pop_front();
    ++shared->running;
    std::string host = lookup->host;
    // Detached: a name server that takes 30 s must not hold up the end of the process.
    std::thread(work, shared, std::move(lookup), std::move(host)).detach();
  }
}

struct WaiterGuard {
  Lookup& lookup;
  ~WaiterGuard() { lookup.waiter = nullptr; }
};

}  // namespace

RealResolver::RealResolver(EventLoop& loop, const Detours* detours)
    : loop_(loop), detours_(detours), shared_(std::make_shared<Shared>()) {
  shared_->mailbox = loop_.mailbox();
}

RealResolver::~RealResolver() { shared_->closed = true; }

Task<Result<std::vector<IpAddress>>> RealResolver::resolve(std::string host) {
  if (const std::optional<IpAddress> literal = IpAddress::parse(host)) {
    co_return std::vector<IpAddress>{*literal};
  }
  if (detours_) {
    if (const std::optional<IpAddress> known = detours_->name(host))
      co_return std::vector<IpAddress>{*known};
  }
  auto lookup = std::make_shared<Lookup>();
  lookup->host = std::move(host);
  lookup->waiter = &co_await ThisWaiter{};
  const WaiterGuard guard{*lookup};
  shared_->queue.push_back(lookup);
  start_next(shared_);
  while (!lookup->answer) co_await Suspend{"resolve"};
  co_return std::move(*lookup->answer);
}

}  // namespace gateproof::net
