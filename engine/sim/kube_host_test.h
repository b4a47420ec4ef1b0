// An API server for tests, in virtual time: objects with a history, lists in pages, watches, and everything that can go wrong with
// them. What it holds is the model that a client has to end with.
#pragma once
#include <deque>

#include <gtest/gtest.h>

#include "engine/base/crypto_x509.h"
#include "engine/base/text.h"
#include "engine/http/url.h"
#include "engine/providers/kube_json.h"
#include "engine/providers/kube_reflector.h"
#include "engine/sim/clock.h"
#include "engine/sim/net.h"
#include "engine/sim/random.h"
#include "engine/tls/stream.h"

namespace gateproof::sim {

// How often something goes wrong: one in so many; 0: never.
struct KubeFaults {
  uint64_t cut = 0;      // an event is sent in part, and the connection closed
  uint64_t twice = 0;    // an event is followed by an earlier one of the same watch
  uint64_t reorder = 0;  // an event is sent behind the next
  uint64_t refuse = 0;   // a request gets 500
  uint64_t hang_up = 0;  // a request gets no answer
  uint64_t expire = 0;   // a watch gets 410, in its answer or as an event
  uint64_t garbage = 0;  // a line that is no JSON
  uint64_t vanish = 0;   // a request finds no such kind
};

class KubeHost {
 public:
  struct Stored {
    std::string json;  // without the resource version
    uint64_t version = 0;
    std::string uid;
  };
  using Name = std::pair<std::string, std::string>;  // namespace, name
  struct Kind {
    std::map<Name, Stored> objects;
    bool served = true;
  };
  struct Seen {
    std::string line;  // method and target
    std::string authorization, body;
    std::string client;  // the name in the client's certificate
  };

  KubeHost(Scheduler& s, SimTransport& net, uint64_t seed)
      : scheduler_(s), net_(net), random_(seed) {}

  const SocketAddress here{IpAddress::v4(127, 0, 0, 1), 6443};
  std::map<std::string, Kind> kinds;  // by path prefix: "/apis/example.com/v1/things"
  KubeFaults faults;
  std::vector<Seen> seen;
  std::string token;      // that is asked for; "": nobody is asked
  std::string old_token;  // that is taken as well; "": none
  // What connections are spoken TLS with from now on; null: none.
  std::shared_ptr<const tls::ServerContext> tls;
  std::shared_ptr<const tls::Identity> identity;
  uint64_t version = 100;  // of the newest change
  size_t page_bytes = 0;   // pad of each object's text
  bool bookmarks = true;
  std::function<bool(const Seen&, std::string& answer)> script;  // true: it has made the answer

  void up() {
    ++life_;
    net_.serve(here, [this](std::unique_ptr<Stream> stream) {
      scheduler_.spawn("api", serve(std::move(stream), life_));
    });
  }
  void down() {
    ++life_;
    net_.stop(here);
  }
  // What a server that was started anew knows of the past: nothing.
  void forget_history() {
    history_.clear();
    oldest_ = version;
  }
  // The store itself is a new one.
  void start_anew() {
    version = 10;
    forget_history();
    for (auto& [path, kind] : kinds) {
      for (auto& [name, stored] : kind.objects) {
        stored.version = ++version;
        stored.uid = "u" + std::to_string(++uids_);
      }
    }
    oldest_ = version;
  }

  void put(const std::string& path, const std::string& ns, const std::string& name,
           const std::string& rest) {
    Kind& kind = kinds[path];
    const bool fresh = !kind.objects.contains({ns, name});
    Stored& stored = kind.objects[{ns, name}];
    if (fresh) stored.uid = "u" + std::to_string(++uids_);
    stored.version = ++version;
    stored.json = rest;
    history_.push_back({version, path, fresh ? "ADDED" : "MODIFIED", {ns, name}, stored});
  }
  void remove(const std::string& path, const std::string& ns, const std::string& name) {
    Kind& kind = kinds[path];
    Stored stored = kind.objects.at({ns, name});
    kind.objects.erase({ns, name});
    stored.version = ++version;
    history_.push_back({version, path, "DELETED", {ns, name}, stored});
  }
  // Only so many changes are remembered: watches from before them get 410.
  void compact(size_t keep) {
    while (history_.size() > keep) {
      oldest_ = history_.front().version;
      history_.pop_front();
    }
  }
  size_t requests(std::string_view what) const {
    return size_t(std::count_if(seen.begin(), seen.end(), [&](const Seen& s) {
      return s.line.find(what) != std::string::npos;
    }));
  }

 private:
  struct Change {
    uint64_t version;
    std::string path, type;
    Name name;
    Stored stored;
  };

  bool happens(uint64_t one_in) { return one_in > 0 && random_.below(one_in) == 0; }

  std::string object(const Name& name, const Stored& stored) const {
    std::string ns = name.first.empty() ? "" : ",\"namespace\":\"" + name.first + "\"";
    return R"({"metadata":{"name":")" + name.second + "\"" + ns + R"(,"uid":")" + stored.uid +
           R"(","resourceVersion":")" + std::to_string(stored.version) + "\"}," + stored.json +
           std::string(page_bytes, ' ') + "}";
  }
  static std::string answer(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) +
           " X\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string refusal(int code, const std::string& reason) {
    return R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":")" + reason +
           R"(","message":")" + reason + R"(","code":)" + std::to_string(code) + "}";
  }

  Task<bool> send(Stream& stream, std::string bytes) {
    std::vector<std::string_view> pieces = {bytes};
    const Result<void> sent = co_await write_all(stream, std::move(pieces), instant_max);
    co_return sent.has_value();
  }

  // The client's certificate tells its name; null: the handshake has failed.
  Task<std::unique_ptr<Stream>> secure(std::unique_ptr<Stream> stream, std::string& client) {
    auto inside = std::make_unique<tls::TlsStream>(std::move(stream), std::string(), tls,
                                                   identity.get(), scheduler_.clock().wall_ns());
    const auto kept = std::pair(tls, identity);  // for as long as the handshake lasts
    const Result<void> done =
        co_await inside->handshake(scheduler_.now() + std::chrono::seconds(10));
    if (!done) co_return nullptr;
    const auto shown = inside->session().state().client_certificates;
    if (shown && !shown->empty())
      client = crypto::parse_certificate(shown->front())->subject.common_name;
    co_return std::move(inside);
  }

  Task<void> serve(std::unique_ptr<Stream> stream, uint64_t life) {
    std::string client;
    if (tls) {
      stream = co_await secure(std::move(stream), client);
      if (!stream) co_return;
    }
    std::string in;
    char piece[4096];
    while (life == life_) {
      const size_t end = in.find("\r\n\r\n");
      const size_t length = end == std::string::npos ? 0 : body_length(in.substr(0, end));
      if (end == std::string::npos || in.size() < end + 4 + length) {
        const Result<size_t> n = co_await read_some(*stream, piece, instant_max);
        if (!n || *n == 0) co_return;
        in.append(piece, *n);
        continue;
      }
      Seen one = read_head(in.substr(0, end));
      one.body = in.substr(end + 4, length);
      one.client = client;
      in.erase(0, end + 4 + length);
      seen.push_back(one);
      const bool go_on = co_await respond(*stream, std::move(one), life);
      if (!go_on) co_return;
    }
  }
  static size_t body_length(const std::string& head) {
    const size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }
  static Seen read_head(const std::string& head) {
    Seen one;
    one.line = head.substr(0, head.find(" HTTP/1.1"));
    const size_t at = head.find("Authorization: ");
    if (at != std::string::npos)
      one.authorization = head.substr(at + 15, head.find("\r\n", at) - at - 15);
    return one;
  }

  Task<bool> respond(Stream& stream, Seen one, uint64_t life) {
    std::string made;
    if (script && script(one, made)) {
      if (made.empty()) co_return false;
      co_return co_await send(stream, std::move(made));
    }
    if (happens(faults.hang_up)) co_return false;
    const bool old = !old_token.empty() && one.authorization == "Bearer " + old_token;
    if (!token.empty() && !old && one.authorization != "Bearer " + token)
      co_return co_await send(stream, answer(401, refusal(401, "Unauthorized")));
    if (happens(faults.refuse))
      co_return co_await send(stream, answer(500, refusal(500, "InternalError")));
    const std::string target = one.line.substr(one.line.find(' ') + 1);
    const std::string path = target.substr(0, target.find('?'));
    std::map<std::string, std::string> query;
    for (auto& [key, value] : http::parse_query(target.substr(target.find('?') + 1)))
      query[key] = value;
    const auto kind = kinds.find(path);
    if (kind == kinds.end() || !kind->second.served || happens(faults.vanish))
      co_return co_await send(stream, answer(404, "404 page not found"));
    if (query["watch"] == "true")
      co_return co_await watch(stream, path, std::stoull(query["resourceVersion"]), life);
    co_return co_await send(stream, list(kind->second, query));
  }

  std::string list(const Kind& kind, std::map<std::string, std::string>& query) {
    // A page continues behind a name; what changes meanwhile may show, as it does where a token has run out.
    const size_t limit = query["limit"].empty() ? SIZE_MAX : std::stoull(query["limit"]);
    std::string items, next;
    size_t n = 0;
    for (const auto& [name, stored] : kind.objects) {
      const std::string id = name.first + "/" + name.second;
      if (!query["continue"].empty() &&
          id <= query["continue"].substr(query["continue"].find('@') + 1))
        continue;
      if (n++ == limit) break;
      next = id;
      items += (items.empty() ? "" : ",") + object(name, stored);
    }
    std::string at = std::to_string(version);
    if (!query["continue"].empty()) at = query["continue"].substr(0, query["continue"].find('@'));
    // A list is of one moment: a page of another one is refused.
    if (at != std::to_string(version)) return answer(410, refusal(410, "Expired"));
    const std::string more = n > limit ? R"(,"continue":")" + at + "@" + next + "\"" : "";
    return answer(200, R"({"kind":"L","apiVersion":"v1","metadata":{"resourceVersion":")" + at +
                           "\"" + more + R"(},"items":[)" + items + "]}");
  }

  Task<bool> chunk(Stream& stream, std::string line) {
    std::string size(16, 0);
    size.resize(size_t(std::snprintf(size.data(), size.size(), "%zx", line.size())));
    co_return co_await send(stream, size + "\r\n" + line + "\r\n");
  }

  std::string event(const Change& c) const {
    return R"({"type":")" + c.type + R"(","object":)" + object(c.name, c.stored) + "}\n";
  }

  Task<bool> watch(Stream& stream, std::string path, uint64_t from, uint64_t life) {
    const std::string gone = refusal(410, "Expired");
    if (from < oldest_ || happens(faults.expire * 2))
      co_return co_await send(stream, answer(410, gone));
    bool alive = co_await send(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::vector<std::string> sent;
    uint64_t next = from;  // of the history
    Instant marked = scheduler_.now();
    while (alive && life == life_ && !stream.ended()) {
      std::vector<std::string> lines;
      for (const Change& c : history_) {
        if (c.version > next && c.path == path) lines.push_back(event(c));
      }
      next = std::max(next, version);
      for (size_t i = 0; i + 1 < lines.size(); ++i) {
        if (happens(faults.reorder)) std::swap(lines[i], lines[i + 1]);
      }
      for (std::string& line : lines) {
        if (happens(faults.cut)) {
          const size_t part = random_.below(line.size());
          (void)co_await send(stream, "fff\r\n" + line.substr(0, part));
          co_return false;
        }
        if (happens(faults.garbage)) alive = co_await chunk(stream, "{\"type\":]\n");
        sent.push_back(line);
        alive = co_await chunk(stream, std::move(line));
        if (happens(faults.twice)) {
          std::string again = sent[random_.below(sent.size())];
          alive = co_await chunk(stream, std::move(again));
        }
      }
      if (bookmarks && scheduler_.now() - marked > std::chrono::seconds(20)) {
        marked = scheduler_.now();
        std::string mark = R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":")" +
                           std::to_string(next) + "\"}}}\n";
        alive = co_await chunk(stream, std::move(mark));
      }
      if (happens(faults.expire * 50)) {
        std::string error = R"({"type":"ERROR","object":)" + gone + "}\n";
        alive = co_await chunk(stream, std::move(error));
      }
      co_await sleep_for(scheduler_, std::chrono::milliseconds(20));
    }
    co_return false;
  }

  Scheduler& scheduler_;
  SimTransport& net_;
  RandomStream random_;
  std::deque<Change> history_;
  uint64_t oldest_ = 0;  // changes up to here are forgotten
  uint64_t life_ = 0;
  uint64_t uids_ = 0;
};

// A world with such a server and a client of it.
class KubeRig {
 public:
  explicit KubeRig(uint64_t seed = 1) : random(seed), host(scheduler, transport, seed) {
    access.host = "127.0.0.1";
    access.port = 6443;
    access.authority = "127.0.0.1:6443";
    host.up();
  }
  ~KubeRig() { scheduler.cancel_all(); }

  VirtualClock clock;
  SeededRandom random;
  Scheduler scheduler{clock};
  SimTransport transport{scheduler};
  struct NoNames final : Resolver {
    Task<Result<std::vector<IpAddress>>> resolve(std::string host) override {
      co_return Error(Code::not_found, "no such host: " + host);
    }
    Task<Result<std::optional<CanonicalName>>> canonical_name(std::string, std::string) override {
      co_return std::optional<CanonicalName>();
    }
  } resolver;
  Env env{scheduler, clock, random, transport, resolver, "h"};
  providers::KubeAccess access;
  KubeHost host;
  providers::KubeHooks hooks{
      [this] { return Result<providers::KubeAccess>(access); },
      [](const providers::KubeAccess&) {
        return Result<std::shared_ptr<TlsConnector>>(Error(Code::unsupported, "no TLS here"));
      }};
  providers::KubeClient client{env, hooks};

  void pass(Duration d) {
    const Instant end = clock.now() + d;
    for (;;) {
      if (scheduler.run_ready() > 0) continue;
      if (scheduler.next_timer() > end) break;
      clock.advance_to(scheduler.next_timer());
      scheduler.fire_timers(clock.now());
    }
    clock.advance_to(end);
    scheduler.fire_timers(clock.now());
    scheduler.run_ready();
  }
};

}  // namespace gateproof::sim
