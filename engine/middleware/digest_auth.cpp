// digestAuth: RFC 7616 with MD5 and qop=auth against a user list, as Traefik's library does it (catalogue 3.2).
#include <mutex>

#include "engine/base/crypto.h"
#include "engine/middleware/answers.h"
#include "engine/middleware/authorization.h"
#include "engine/middleware/digest_nonces.h"
#include "engine/middleware/go_url.h"
#include "engine/middleware/users_file.h"

namespace gateproof::middleware {
namespace {

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

using Secrets = std::map<std::string, std::string, std::less<>>;  // "user:realm" -> hash

Result<void> add_digest_user(Secrets& secrets, std::string_view entry) {
  const auto parts = text::split(entry, ':');
  if (parts.size() != 3)
    return Error(Code::invalid, "error parsing DigestUser: " + std::string(entry), SourceSpan(),
                 "write `users` and lines of `usersFile` as user:realm:hash, as htdigest does");
  std::string name(parts[0]);
  name.append(":").append(parts[1]);
  secrets.insert_or_assign(std::move(name), std::string(parts[2]));
  return {};
}

std::string md5_hex(std::string_view text) { return crypto::hex(crypto::md5(text)); }

// Go's ParseUint(text, 16, 64).
std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t out = 0;
  if (text.empty()) return std::nullopt;
  for (char c : text) {
    const int digit = text::hex_value(c);
    if (digit < 0 || out >> 60 != 0) return std::nullopt;
    out = out << 4 | static_cast<uint64_t>(digit);
  }
  return out;
}

// 16 characters each, not to be guessed from those before: digests of a secret and a counter. The time of building is in the
// secret, so that a reloaded configuration does not give the nonces of the one before it again.
class KeySource {
 public:
  explicit KeySource(const BuildContext& c) {
    RandomStream stream =
        c.random.stream("digestAuth/" + std::string(c.name) + "/" + std::string(c.router));
    for (int i = 0; i < 4; ++i) secret_ += std::to_string(stream.next()) + ":";
    secret_ += std::to_string(c.clock.wall_ns()) + ":";
  }
  std::string next() {
    constexpr size_t key_bytes = 12;
    return crypto::base64(
        crypto::sha256(secret_ + std::to_string(++counter_)).substr(0, key_bytes));
  }

 private:
  std::string secret_;
  uint64_t counter_ = 0;
};

class DigestAuth final : public SyncFilter {
 public:
  DigestAuth(const Options& o, Secrets secrets, const BuildContext& context)
      : secrets_(std::move(secrets)),
        realm_(o.realm.empty() ? "traefik" : o.realm),
        remove_header_(o.remove_header),
        header_field_(o.header_field),
        strict_(context.strict),
        keys_(context),
        opaque_(keys_.next()) {}

  Flow on_request(Exchange& x) override {
    const auto given = digest_params(x.request.headers.get("Authorization"));
    if (given && given->broken && !strict_) {
      if (x.trace)
        x.note(stage, "verdict", "a parameter is one lone quote: Traefik's library fails");
      answer_error(x, 500, "Internal Server Error");
      return Flow::answer;
    }
    const Verdict verdict = given ? check(x, *given) : Verdict{"no Digest credentials"};
    if (!verdict.why.empty()) {
      if (x.trace) x.note(stage, "verdict", std::string(verdict.why));
      refuse(x, verdict.stale);
      return Flow::answer;
    }
    x.user = given->get("username");
    if (x.trace) x.note(stage, "verdict", "user " + x.user);
    if (!header_field_.empty()) x.request.headers.set(header_field_, x.user);
    if (remove_header_) x.request.headers.remove("Authorization");
    return Flow::next;
  }

 private:
  struct Verdict {
    std::string_view why;  // empty: accepted
    bool stale = false;
  };

  Verdict check(const Exchange& x, const DigestParams& p) {
    const auto algorithm = p.fields.find("algorithm");
    if (algorithm != p.fields.end() && algorithm->second != "MD5") return {"algorithm is not MD5"};
    if (p.get("opaque") != opaque_) return {"opaque is not the one given out"};
    if (p.get("qop") != "auth") return {"qop is not auth"};
    if (!uri_fits(x.request, p.get("uri"))) return {"uri is not that of the request"};
    if (!response_fits(x.request.method, p)) return {"unknown user or wrong response"};
    const auto count = parse_hex(p.get("nc"));
    if (!count) return {"nc is no hexadecimal number"};
    const std::lock_guard lock(mutex_);
    switch (nonces_.use(p.get("nonce"), *count)) {
      case DigestNonces::Use::unknown: return {"unknown nonce"};
      case DigestNonces::Use::repeated: return {"this nc was used last"};
      case DigestNonces::Use::stale: return {"nc is below the last one", true};
      case DigestNonces::Use::accepted: break;
    }
    // Last, as in Traefik: the count is used up.
    return {p.get("username").empty() ? "no user name" : ""};
  }

  // The request's target, or a URL whose path is a prefix of the request's.
  static bool uri_fits(const http::Request& r, std::string_view uri) {
    if (r.target() == uri) return true;
    const auto url = parse_go_url(uri);
    return url && r.url.path.starts_with(url->path.path);
  }

  bool response_fits(std::string_view method, const DigestParams& p) const {
    const std::string name = std::string(p.get("username")) + ":" + realm_;
    const auto known = secrets_.find(name);
    // An unknown user costs the same digests.
    std::string text = known == secrets_.end() ? md5_hex(realm_) : known->second;
    for (std::string_view field : {"nonce", "nc", "cnonce", "qop"})
      text.append(":").append(p.get(field));
    text += ":" + md5_hex(std::string(method) + ":" + std::string(p.get("uri")));
    const bool fits = crypto::equal_constant_time(md5_hex(text), p.get("response"));
    return fits && known != secrets_.end() && !known->second.empty();
  }

  void refuse(Exchange& x, bool stale) {
    // The access log names who tried; Traefik looks for it in the header that it would set.
    const auto tried = digest_params(
        x.request.headers.get(header_field_.empty() ? "Authorization" : header_field_));
    if (tried && !tried->get("username").empty()) x.user = tried->get("username");
    std::string challenge = "Digest realm=\"" + realm_ + "\", nonce=\"";
    {
      const std::lock_guard lock(mutex_);
      std::string nonce = keys_.next();
      challenge += nonce;
      nonces_.add(std::move(nonce));
    }
    challenge += "\", opaque=\"" + opaque_ + "\"";
    if (stale) challenge += ", stale=\"true\"";
    challenge += ", algorithm=\"MD5\", qop=\"auth\"";
    x.response = http::Response::make(401, "401 Unauthorized\n", "text/plain");
    x.response.headers.add("Www-Authenticate", challenge);
  }

  const Secrets secrets_;
  const std::string realm_;
  const bool remove_header_;
  const std::string header_field_;
  const bool strict_;
  std::mutex mutex_;  // of the nonces and their source
  KeySource keys_;
  const std::string opaque_;
  DigestNonces nonces_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext& context) {
  const auto& o = *static_cast<const Options*>(options);
  Secrets secrets;
  if (!o.users_file.empty()) {
    auto text = read_users_file(o.users_file, context);
    if (!text) return text.error();
    for (std::string_view line : text::split(*text, '\n')) {
      line = text::trim(line);
      if (line.empty() || line.starts_with('#')) continue;
      auto added = add_digest_user(secrets, line);
      if (!added) return added.error();
    }
  }
  for (const std::string& entry : o.users) {
    auto added = add_digest_user(secrets, entry);
    if (!added) return added.error();
  }
  return std::unique_ptr<Middleware>(std::make_unique<DigestAuth>(o, std::move(secrets), context));
}

}  // namespace

MiddlewareSpec digest_auth() {
  return {{"digestAuth", &schema(), make_options<Options>},
          build,
          "an Authorization that cannot be read is answered with 401, not 500"};
}

}  // namespace gateproof::middleware
