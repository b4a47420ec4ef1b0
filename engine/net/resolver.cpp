#include "engine/net/resolver.h"

#include <thread>

#include <netdb.h>
#include <sys/socket.h>

#include "engine/net/cname_query.h"
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

// One lookup. The waiting frame and the helper thread both hold it; only the loop's thread touches `waiter` and `done`, and
// what `ask` fills is read after `done`.
struct Lookup {
  std::function<void()> ask;  // on a helper thread
  Waiter* waiter = nullptr;
  bool done = false;
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

void finish(const std::shared_ptr<RealResolver::Shared>& shared, Lookup& lookup) {
  --shared->running;
  lookup.done = true;
  if (lookup.waiter) lookup.waiter->executor->post(*lookup.waiter);
  start_next(shared);
}

void work(std::shared_ptr<RealResolver::Shared> shared, std::shared_ptr<Lookup> lookup) {
  lookup->ask();
  const std::shared_ptr<Mailbox> mailbox = shared->mailbox;
  // Moved whole: after posting, this thread holds nothing that the loop's thread uses.
  mailbox->post([shared = std::move(shared), lookup = std::move(lookup)]() mutable {
    finish(shared, *lookup);
  });
}

void start_next(const std::shared_ptr<RealResolver::Shared>& shared) {
  while (!shared->closed && !shared->queue.empty() &&
         shared->running < RealResolver::lookups_at_once_max) {
    std::shared_ptr<Lookup> lookup = std::move(shared->queue.front());
    shared->queue.pop_front();
    ++shared->running;
    // Detached: a name server that takes 30 s must not hold up the end of the process.
    std::thread(work, shared, std::move(lookup)).detach();
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
  auto answer = std::make_shared<Answer>(std::vector<IpAddress>());
  std::function<void()> ask = [answer, host] { *answer = ask_system(host); };
  co_await run(std::move(ask));
  co_return std::move(*answer);
}

Task<Result<std::optional<CanonicalName>>> RealResolver::canonical_name(std::string host,
                                                                        std::string config_file) {
  auto answer = std::make_shared<CnameAnswer>(std::nullopt);
  std::function<void()> ask = [answer, host, config_file] {
    *answer = ask_cname(host, config_file);
  };
  co_await run(std::move(ask));
  co_return std::move(*answer);
}

Task<void> RealResolver::run(std::function<void()> ask) {
  auto lookup = std::make_shared<Lookup>();
  lookup->ask = std::move(ask);
  lookup->waiter = &co_await ThisWaiter{};
  const WaiterGuard guard{*lookup};
  shared_->queue.push_back(lookup);
  start_next(shared_);
  while (!lookup->done) co_await Suspend{"resolve"};
}

}  // namespace gateproof::net
