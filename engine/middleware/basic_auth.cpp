// basicAuth: RFC 7617 against a user list (catalogue 3.2). A bcrypt hash takes as long as thousands of requests: it is made away
// from the event loop, before on_request, which finds the verdict.
#include <mutex>
#include <unordered_map>

#include "engine/base/crypto.h"
#include "engine/middleware/answers.h"
#include "engine/middleware/authorization.h"
#include "engine/middleware/htpasswd.h"
#include "engine/middleware/users_file.h"

namespace gateproof::middleware {
namespace {

// Verdicts that one basicAuth remembers, of each outcome: a bcrypt hash would keep every request of a known client waiting. Refusals have a table of their own, so that guessing does not push out those who are known.
constexpr size_t auth_verdicts_max = 512;

struct Options {
  std::vector<std::string> users;
  std::string users_file;
  std::string realm;
  bool remove_header = false;
  std::string header_field;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>()
                            .field("users", &Options::users, "list of strings")
                            .field("usersFile", &Options::users_file, "string")
                            .field("realm", &Options::realm, "string", "traefik")
                            .field("removeHeader", &Options::remove_header, "bool", "false")
                            .field("headerField", &Options::header_field, "string");
  return s;
}

// Parts with their lengths in front: no two different triples have the same key (reliability A3).
std::string verdict_key(const BasicCredentials& c, std::string_view hash) {
  std::string text;
  for (std::string_view part : {std::string_view(c.user), std::string_view(c.password), hash}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return crypto::sha256(text);
}

// Remembered keys of one outcome; the oldest makes room.
class Verdicts {
 public:
  bool has(const std::string& key) const { return keys_.contains(key); }
  void add(const std::string& key) {
    if (!keys_.insert(key).second) return;
    order_.push_back(key);
    if (order_.size() > auth_verdicts_max) {
      keys_.erase(order_.front());
      order_.pop_front();
    }
  }

 private:
  std::set<std::string> keys_;
  std::deque<std::string> order_;
};

const std::string& dearest_hash(const Users& users) {
  for (HashKind kind : {HashKind::bcrypt, HashKind::md5_crypt}) {
    for (const auto& [name, hash] : users) {
      if (kind_of_hash(hash) == kind) return hash;
    }
  }
  return users.begin()->second;
}

class BasicAuth final : public SyncFilter {
 public:
  BasicAuth(const Options& o, Users users)
      : users_(std::move(users)),
        dearest_hash_(dearest_hash(users_)),
        challenge_("Basic realm=\"" + (o.realm.empty() ? "traefik" : o.realm) + "\""),
        remove_header_(o.remove_header),
        header_field_(o.header_field) {
    for (const auto& [name, hash] : users_) {
      if (kind_of_hash(hash) == HashKind::bcrypt) prepares = true;
    }
  }

  // With too much work waiting already the client is asked to come again: 503. Traefik would let it wait.
  Task<Flow> prepare(Exchange& x) override {
    const auto given = basic_credentials(x.request.headers.get("Authorization"));
    if (!given) co_return Flow::next;
    const std::string& hash = hash_for(given->user);
    if (kind_of_hash(hash) != HashKind::bcrypt) co_return Flow::next;
    const std::string key = verdict_key(*given, hash);
    if (remembered(key)) co_return Flow::next;
    std::function<bool()> work = [password = given->password, hash] {
      return password_matches(password, hash);
    };
    const std::optional<bool> matches =
        co_await run_elsewhere<bool>(x.env->offload, std::move(work));
    if (!matches) {
      x.user = given->user;
      answer_phrase(x, 503);
      co_return Flow::answer;
    }
    remember(key, *matches);
    co_return Flow::next;
  }

  Flow on_request(Exchange& x) override {
    const auto given = basic_credentials(x.request.headers.get("Authorization"));
    if (given) x.user = given->user;
    const bool known = given && verify(*given);
    if (x.trace) note_verdict(x, given, known);
    if (!known) return refuse(x);
    // Every spelling that the client sent goes (reliability F5); the name is written as configured.
    if (!header_field_.empty()) x.request.headers.set(header_field_, given->user);
    if (remove_header_) x.request.headers.remove("Authorization");
    return Flow::next;
  }

 private:
  void note_verdict(Exchange& x, const std::optional<BasicCredentials>& given, bool known) const {
    if (!given) {
      x.note(stage, "verdict", "no Basic credentials");
    } else if (known) {
      x.note(stage, "verdict", "user " + given->user);
    } else {
      const bool listed = users_.find(given->user) != users_.end();
      x.note(stage, "verdict",
             (listed ? "wrong password of user " : "no such user: ") + given->user);
    }
  }

  Flow refuse(Exchange& x) const {
    x.response = http::Response::make(401, "401 Unauthorized\n", "text/plain");
    x.response.headers.add("Www-Authenticate", challenge_);
    return Flow::answer;
  }

  // An unknown user costs a hash too, of the dearest kind in the list (reliability A1).
  const std::string& hash_for(std::string_view user) const {
    const auto known = users_.find(user);
    return known != users_.end() ? known->second : dearest_hash_;
  }

  bool verify(const BasicCredentials& c) {
    const std::string& hash = hash_for(c.user);
    const bool matches = kind_of_hash(hash) == HashKind::sha1 ? password_matches(c.password, hash)
                                                              : verify_slowly(c, hash);
    return matches && users_.contains(c.user);
  }

  bool verify_slowly(const BasicCredentials& c, const std::string& hash) {
    const std::string key = verdict_key(c, hash);
    if (const std::optional<bool> verdict = remembered(key)) return *verdict;
    const bool matches = password_matches(c.password, hash);
    remember(key, matches);
    return matches;
  }

  std::optional<bool> remembered(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (accepted_.has(key)) return true;
    if (refused_.has(key)) return false;
    return std::nullopt;
  }
  void remember(const std::string& key, bool matches) {
    const std::lock_guard lock(mutex_);
    (matches ? accepted_ : refused_).add(key);
  }

  const Users users_;
  const std::string dearest_hash_;
  const std::string challenge_;
  const bool remove_header_;
  const std::string header_field_;
  std::mutex mutex_;
  Verdicts accepted_, refused_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  Users users;
  if (!o.users_file.empty()) {
    auto text = read_users_file(o.users_file, context);
    if (!text) return text.error();
    auto added = add_user_lines(users, *text);
    if (!added) return added.error();
  }
  for (const std::string& entry : o.users) {
    auto added = add_user(users, entry);
    if (!added) return added.error();
  }
  if (users.empty()) return Error(Code::invalid, "no users found in " + o.users_file);
  return std::unique_ptr<Middleware>(std::make_unique<BasicAuth>(o, std::move(users)));
}

}  // namespace

MiddlewareSpec basic_auth() { return {{"basicAuth", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
