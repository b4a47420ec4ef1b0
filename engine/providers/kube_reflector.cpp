#include "engine/providers/kube_reflector.h"

#include "engine/base/percent.h"
#include "engine/base/text.h"

namespace gateproof::providers {

KubeReflector::KubeReflector(KubeClient& client, KubeSelection selection,
                             const KubeWatcherHooks& hooks)
    : client_(client),
      selection_(std::move(selection)),
      hooks_(hooks),
      ledger_(selection_.resource.group, selection_.resource.kind, selection_.objects_max),
      random_(client.env().random.stream("kubernetes/" + selection_.resource.label() + "/" +
                                         selection_.ns)) {}

std::string KubeReflector::target(const std::string& version) const {
  std::string out = kube_path(selection_.resource, version, selection_.ns, "") + "?";
  if (!selection_.label_selector.empty())
    out += "labelSelector=" + text::percent_escape(selection_.label_selector) + "&";
  return out;
}

void KubeReflector::enter(State state, bool listing) {
  if (state == state_ && listing == listing_) return;
  state_ = state;
  listing_ = listing;
  hooks_.moved();
}

// Said once, until something else is wrong or all is well again.
void KubeReflector::trouble(KubeLevel level, const std::string& what) {
  if (what == told_) return;
  told_ = what;
  hooks_.log(level, selection_.resource.label() + ": " + what);
}

Task<void> KubeReflector::pause() {
  const Duration half = backoff_ / 2;
  Duration d = half + Duration(random_.below(static_cast<uint64_t>(backoff_.count())));
  backoff_ = std::min(backoff_ * 2, kube_backoff_max);
  d = std::max(d, std::exchange(wanted_pause_, Duration(0)));
  co_await sleep_in_background(client_.env().scheduler, client_.env().scheduler.now() + d);
}

Task<void> KubeReflector::run() {
  for (;;) {
    const Next next = co_await list();
    bool at_once = next == Next::list;
    if (next == Next::follow) at_once = co_await follow();
    if (!at_once) co_await pause();
  }
}

Task<KubeReflector::Next> KubeReflector::list() {
  if (state_ != State::starting) enter(state_, true);
  std::optional<Next> next;
  for (size_t i = 0; i < selection_.resource.versions.size() && !next; ++i) {
    std::string version = selection_.resource.versions[version_];
    next = co_await list_version(std::move(version));
    if (!next) version_ = (version_ + 1) % selection_.resource.versions.size();
  }
  if (!next) next = absent();
  enter(state_, false);
  co_return *next;
}

KubeReflector::Next KubeReflector::absent() {
  const Instant now = client_.env().scheduler.now();
  if (!absent_since_) absent_since_ = now;
  const bool graced = now - *absent_since_ < kube_absent_grace;
  if (ledger_.size() > 0 && graced) return Next::pause;
  trouble(KubeLevel::info, "the API server has no such kind (its CRD is not installed)");
  if (ledger_.size() > 0) hooks_.changed(ledger_.forget());
  enter(State::absent, listing_);
  backoff_ = kube_backoff_min;
  wanted_pause_ = kube_absent_retry;
  return Next::pause;
}

KubeReflector::Next KubeReflector::list_failed(const Error& why) {
  if (why.code == Code::limit && page_objects_ > 1) {
    page_objects_ = std::max<int64_t>(1, page_objects_ / 8);
    return Next::list;
  }
  trouble(KubeLevel::error, "cannot be listed: " + why.message);
  return Next::pause;
}

KubeReflector::Next KubeReflector::list_refused(const KubeResponse& response) {
  const KubeRefusal r = read_refusal(response.status, response.body);
  const bool ours = r.code == 401 || r.code == 403;
  trouble(ours ? KubeLevel::error : KubeLevel::warn,
          "cannot be listed: " + std::to_string(r.code) + " " + r.message);
  if (ours && state_ == State::starting) enter(State::refused, listing_);
  wanted_pause_ = response.retry_after;
  return Next::pause;
}

namespace {

// A page with what is needed to read it anywhere.
struct PageText {
  std::string body;
  KubePage page;
  KubeResource resource;
  std::string version;
};

}  // namespace

struct KubeReflector::Items {
  std::vector<KubeObject> objects;
  std::vector<std::string> passed_over;  // why

  static Items of(const KubePage& page, const KubeResource& resource, std::string_view version) {
    Items out;
    out.objects.reserve(page.items.size());
    for (const std::string_view item : page.items) {
      Result<KubeObject> object = read_object(item, resource, version);
      if (object) {
        out.objects.push_back(std::move(*object));
      } else {
        out.passed_over.push_back(object.error().message);
      }
    }
    return out;
  }
};

struct KubeReflector::Reading {
  std::function<Items()> work;
  Task<std::optional<Items>> task;
};

std::vector<KubeObject> KubeReflector::told(Items items) {
  for (const std::string& why : items.passed_over) {
    hooks_.log(KubeLevel::warn, selection_.resource.label() + ": an object is passed over: " + why);
  }
  return std::move(items.objects);
}

KubeRequest KubeReflector::page_request(const std::string& version, const std::string& next) const {
  KubeRequest request;
  request.target = target(version) + "limit=" + std::to_string(page_objects_);
  if (!next.empty()) request.target += "&continue=" + text::percent_escape(next);
  return request;
}

Task<std::optional<KubeReflector::Next>> KubeReflector::list_version(std::string version) {
  std::vector<KubeObject> objects;
  KubePage page;
  ++lists_;
  // Nothing is awaited here but by these tasks, which all resume this one.
  Waiter& me = co_await ThisWaiter{};
  std::deque<Reading> reading;
  Task<Result<KubeResponse>> asked = client_.call(page_request(version, ""));
  asked.start(me);
  for (int pages = 0; pages == 0 || !page.next.empty(); ++pages) {
    while (!asked.done()) co_await Suspend{"a page of a list"};
    Result<KubeResponse> got = asked.take();
    if (!got) co_return list_failed(got.error());
    if (got->status == 404) co_return std::nullopt;
    if (got->status != 200) co_return list_refused(*got);
    const auto text = std::make_shared<PageText>();
    text->body = std::move(got->body);
    Result<KubePage> read = read_page(text->body);
    if (!read) co_return list_failed(read.error());
    page.resource_version = read->resource_version;
    page.next = read->next;
    if (!page.next.empty()) {
      // The server makes the next page while this one is read.
      asked = client_.call(page_request(version, page.next));
      asked.start(me);
    }
    text->page = std::move(*read);
    text->resource = selection_.resource;
    text->version = version;
    Reading& one = reading.emplace_back();
    one.work = [text] { return Items::of(text->page, text->resource, text->version); };
    one.task = run_elsewhere<Items>(client_.env().offload, one.work);
    one.task.start(me);
    const size_t most = page.next.empty() ? 0 : kube_pages_reading_max;
    while (reading.size() > most) {
      if (!reading.front().task.done()) {
        co_await Suspend{"reading a page of a list"};
        continue;
      }
      std::optional<Items> items = reading.front().task.take();
      std::vector<KubeObject> more = told(items ? std::move(*items) : reading.front().work());
      std::move(more.begin(), more.end(), std::back_inserter(objects));
      reading.pop_front();
    }
    if (pages >= kube_pages_max || objects.size() > selection_.objects_max) {
      trouble(KubeLevel::error, "more than " + std::to_string(selection_.objects_max) +
                                    " objects: changes are not followed any more");
      wanted_pause_ = kube_backoff_max;
      co_return Next::pause;
    }
  }
  std::vector<KubeChange> changes = ledger_.listed(std::move(objects), page.resource_version);
  listed_at_ = client_.env().scheduler.now();
  absent_since_.reset();
  if (state_ == State::absent) backoff_ = kube_backoff_min;
  told_.clear();
  hooks_.log(KubeLevel::debug, selection_.resource.label() + ": " + std::to_string(ledger_.size()) +
                                   " objects at version " + page.resource_version);
  if (!changes.empty()) hooks_.changed(std::move(changes));
  enter(State::listed, false);
  co_return Next::follow;
}

Task<bool> KubeReflector::follow() {
  Scheduler& s = client_.env().scheduler;
  lost_ = false;
  for (int failures = 0; failures < kube_resumes_max;) {
    std::string asked = ledger_.resume(s.now());
    if (asked.empty()) co_return false;
    const Instant begin = s.now();
    const End end = co_await watch(std::move(asked));
    if (end == End::list) co_return s.now() - *listed_at_ >= kube_good_watch;
    const bool good = s.now() - begin >= kube_good_watch;
    if (good) backoff_ = kube_backoff_min;
    failures = good ? 0 : failures + 1;
    if (end != End::resume || !good) co_await pause();
  }
  co_return true;
}

Task<KubeReflector::End> KubeReflector::probe() {
  const std::string version = selection_.resource.versions[version_];
  KubeRequest request;
  request.target = target(version) + "limit=1";
  const Result<KubeResponse> got = co_await client_.call(std::move(request));
  if (!got) {
    trouble(KubeLevel::warn, "cannot be watched: " + got.error().message);
    co_return End::broken;
  }
  if (got->status == 429 || got->status >= 500) co_return End::broken;
  if (got->status != 200) co_return End::list;
  const Result<KubePage> page = read_page(got->body);
  if (!page) co_return End::broken;
  const std::vector<KubeObject> first = told(Items::of(*page, selection_.resource, version));
  const bool known =
      ledger_.plausible(page->resource_version, first.empty() ? nullptr : &first.front());
  co_return known ? End::resume : End::list;
}

Task<KubeReflector::End> KubeReflector::watch(std::string asked) {
  Scheduler& s = client_.env().scheduler;
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(kube_watch_time).count();
  const int64_t most =
      seconds + static_cast<int64_t>(random_.below(static_cast<uint64_t>(seconds)));
  KubeRequest request;
  request.target =
      target(selection_.resource.versions[version_]) +
      "watch=true&allowWatchBookmarks=true&resourceVersion=" + text::percent_escape(asked) +
      "&timeoutSeconds=" + std::to_string(most);
  ++watches_;
  const bool lost = std::exchange(lost_, true);
  Result<KubeClient::Opened> opened = co_await client_.open(std::move(request));
  if (!opened) {
    trouble(KubeLevel::warn, "cannot be watched: " + opened.error().message);
    co_return End::broken;
  }
  if (opened->status != 200) co_return watch_refused(*opened);
  told_.clear();
  const Instant end_due = s.now() + std::chrono::seconds(most);
  const std::unique_ptr<KubeClient::Body> body = std::move(opened->body);
  // Asked for when the watch is there: a server that is replaced after that ends it.
  End end = lost ? co_await probe() : End::resume;
  if (end != End::resume) co_return end;
  end = co_await read_events(*body, std::move(asked), end_due + kube_call_time);
  lost_ = lost_ && s.now() < end_due;
  co_return end;
}

KubeReflector::End KubeReflector::watch_refused(const KubeClient::Opened& opened) {
  const KubeRefusal r = read_refusal(opened.status, opened.refusal);
  if (r.code == 410) return End::list;
  trouble(KubeLevel::warn, "cannot be watched: " + std::to_string(r.code) + " " + r.message);
  wanted_pause_ = opened.retry_after;
  const bool busy = r.code == 429 || r.code >= 500;
  // A version of the future: the server's history is a younger one.
  return busy && r.message.find("Too large resource version") == std::string::npos ? End::broken
                                                                                   : End::list;
}

Task<KubeReflector::End> KubeReflector::read_events(KubeClient::Body& body, std::string asked,
                                                    Instant deadline) {
  Scheduler& s = client_.env().scheduler;
  KubeEventReader reader;
  Instant look_at = s.now() + kube_rotation_period;
  Instant due = std::min(deadline, s.now() + kube_silence_max);
  for (;;) {
    if (s.now() >= look_at) {
      look_at = s.now() + kube_rotation_period;
      if (client_.outdated(body)) {
        hooks_.log(KubeLevel::debug, selection_.resource.label() +
                                         ": the watch goes on over a new connection: the server "
                                         "or our certificate is another one");
        co_return End::resume;
      }
    }
    const Result<std::string> piece = co_await body.read(std::min(due, look_at));
    if (!piece) {
      if (piece.error().code == Code::timeout) {
        if (s.now() < due) continue;
        lost_ = false;
        co_return End::resume;
      }
      hooks_.log(KubeLevel::debug,
                 selection_.resource.label() + ": the watch broke off: " + piece.error().message);
      co_return End::broken;
    }
    if (piece->empty()) co_return End::resume;
    due = std::min(deadline, s.now() + kube_silence_max);
    if (const std::optional<End> end = take_piece(reader, *piece, asked)) co_return *end;
  }
}

std::optional<KubeReflector::End> KubeReflector::take_piece(KubeEventReader& reader,
                                                            const std::string& piece,
                                                            const std::string& asked) {
  reader.feed(piece);
  std::vector<KubeChange> changes;
  std::optional<End> end;
  while (!end) {
    std::optional<Result<KubeEvent>> event = reader.next();
    if (!event) break;
    if (*event) {
      end = take_event(std::move(**event), asked, changes);
      continue;
    }
    // What was lost is found by a list, which passes over what cannot be read.
    trouble(KubeLevel::warn, event->error().message);
    end = End::list;
  }
  if (!changes.empty()) hooks_.changed(std::move(changes));
  return end;
}

std::optional<KubeReflector::End> KubeReflector::take_event(KubeEvent event,
                                                            const std::string& asked,
                                                            std::vector<KubeChange>& changes) {
  const Instant now = client_.env().scheduler.now();
  if (event.type == KubeEvent::Type::error) {
    const KubeRefusal r = refusal_of(event.object);
    if (r.code != 410)
      trouble(KubeLevel::warn, "the watch ended: " + std::to_string(r.code) + " " + r.message);
    return r.code == 410 ? End::list : End::broken;
  }
  if (event.type == KubeEvent::Type::bookmark) {
    const config::Value* version = event.object.at("metadata.resourceVersion");
    if (version) ledger_.mark(std::string(version->str()), now);
    return std::nullopt;
  }
  Result<KubeObject> object = take_object(std::move(event.object), selection_.resource,
                                          selection_.resource.versions[version_]);
  if (!object) {
    trouble(KubeLevel::warn, object.error().message);
    return std::nullopt;
  }
  // A server whose history is another one than ours sends what we asked it not to.
  if (KubeLedger::before(object->resource_version, asked)) return End::list;
  KubeChange change;
  const KubeLedger::Effect effect = event.type == KubeEvent::Type::deleted
                                        ? ledger_.remove(*object, now, change)
                                        : ledger_.put(std::move(*object), now, change);
  if (effect == KubeLedger::Effect::change) changes.push_back(std::move(change));
  if (effect == KubeLedger::Effect::full) return End::list;
  return std::nullopt;
}

KubeFollower::KubeFollower(KubeClient& client, std::vector<KubeSelection> selections,
                           KubeWatcherHooks hooks)
    : client_(client), hooks_(std::move(hooks)) {
  for (KubeSelection& s : selections)
    reflectors_.push_back(std::make_unique<KubeReflector>(client, std::move(s), hooks_));
}

Task<void> KubeFollower::run() {
  TaskGroup group(client_.env().scheduler);
  for (const auto& r : reflectors_) group.add(r->run());
  co_await group.join();
}

bool KubeFollower::synced() const {
  return std::all_of(reflectors_.begin(), reflectors_.end(),
                     [](const auto& r) { return r->state() != KubeReflector::State::starting; });
}

bool KubeFollower::listing() const {
  return std::any_of(reflectors_.begin(), reflectors_.end(),
                     [](const auto& r) { return r->listing(); });
}

}  // namespace gateproof::providers
