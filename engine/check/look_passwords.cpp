// Password hashes that no password has: wrong length, wrong letters, a password in the place of a hash, doubled dollars.
#include "engine/base/text.h"
#include "engine/check/looks.h"
#include "engine/middleware/htpasswd.h"

namespace gateproof::check {

using config::Value;

namespace {

bool crypt_letters(std::string_view s) {
  return std::all_of(s.begin(), s.end(),
                     [](char c) { return text::is_alnum(c) || c == '.' || c == '/'; });
}

// Why no password has this hash of basicAuth; "" when one may.
std::string why_not(std::string_view hash) {
  const std::string size = std::to_string(hash.size());
  if (hash.starts_with("$$"))
    return "its dollars are doubled, as compose files want them, and a file does not";
  if (hash.starts_with("{SHA}")) {
    constexpr size_t sha1_base64_chars = 28;
    return hash.size() == 5 + sha1_base64_chars
               ? ""
               : "{SHA} wants 28 characters of base64, here are " + std::to_string(hash.size() - 5);
  }
  if (middleware::kind_of_hash(hash) == middleware::HashKind::bcrypt) {
    constexpr size_t bcrypt_chars = 60;
    return hash.size() == bcrypt_chars && crypt_letters(hash.substr(7))
               ? ""
               : "a bcrypt hash has 60 characters, here are " + size;
  }
  if (middleware::kind_of_hash(hash) == middleware::HashKind::md5_crypt) {
    constexpr size_t md5_crypt_chars = 22;
    const size_t second = hash.find('$', 1);
    const std::string magic(hash.substr(1, second - 1));
    if (magic != "apr1" && magic != "1")
      return "$" + magic + "$ is no kind of hash that basicAuth knows";
    const std::string_view tail = hash.substr(hash.find('$', second + 1) + 1);
    if (tail.size() != md5_crypt_chars) {
      return magic + " wants 22 characters behind the salt, here are " +
             std::to_string(tail.size());
    }
    return crypt_letters(tail) ? "" : "there are characters in it that no hash has";
  }
  return "it is no hash: a password in plain text is accepted and never matches";
}

void look_at_user(const config::Text& entry, const std::string& object, Sightings& out) {
  const std::string_view line = text::trim(entry.value);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.starts_with('#')) return;  // the builder reports it
  const std::string why = why_not(line.substr(colon + 1));
  if (why.empty()) return;
  const std::string user(line.substr(0, colon));
  out.add("GP1001", entry.span, object,
          "no password can match the hash of user " + text::quote(user) + ": " + why,
          "make a line with `htpasswd -nB " + user + "`, and put it here");
}

void look_at_digest(const config::Text& entry, const std::string& object, Sightings& out) {
  const std::string_view line = text::trim(entry.value);
  const size_t colon = line.rfind(':');
  if (colon == std::string_view::npos || line.starts_with('#')) return;
  const std::string_view hash = line.substr(colon + 1);
  constexpr size_t md5_hex_chars = 32;
  const bool hex =
      std::all_of(hash.begin(), hash.end(), [](char c) { return text::hex_value(c) >= 0; });
  if (hash.size() == md5_hex_chars && hex) return;
  const std::string user(line.substr(0, line.find(':')));
  out.add("GP1001", entry.span, object,
          "no password can match the hash of user " + text::quote(user) +
              ": digestAuth wants 32 hexadecimal digits, here are " + std::to_string(hash.size()) +
              " characters",
          "make a line with `htdigest`");
}

// A list, or a text with commas.
std::vector<config::Text> users_of(const Value* options) {
  std::vector<config::Text> out;
  const Value* users = options ? options->find_nocase("users") : nullptr;
  if (!users) return out;
  for (const Value& item : users->items) out.push_back({item.text, item.span});
  if (users->kind == Value::scalar) out.push_back({users->text, users->span});
  return out;
}

enum class Kind : uint8_t { none, basic, digest };

// Which middlewares read a Secret, by "namespace/name".
std::map<std::string, Kind> secrets_of(const kubernetes::ObjectStore& store) {
  std::map<std::string, Kind> out;
  for (const kubernetes::Object* o : store.list(kubernetes::traefik_group, "Middleware")) {
    const Value* basic = o->at("spec.basicAuth.secret");
    const Value* digest = o->at("spec.digestAuth.secret");
    if (basic) out[o->ns + "/" + std::string(basic->str())] = Kind::basic;
    if (digest) out[o->ns + "/" + std::string(digest->str())] = Kind::digest;
  }
  return out;
}

// A Secret that no middleware of these files reads is judged where it holds nothing but user lines.
bool looks_like_users(const kubernetes::Secret::Entry& entry) {
  const std::vector<config::Text> lines = kubernetes::credential_lines(entry);
  return !lines.empty() && std::all_of(lines.begin(), lines.end(), [](const config::Text& t) {
    const size_t colon = t.value.find(':');
    return t.value.starts_with('#') ||
           (colon != std::string::npos &&
            middleware::kind_of_hash(t.value.substr(colon + 1)) != middleware::HashKind::none);
  });
}

}  // namespace

void look_at_passwords(const ConfigSet& set, const Declared& declared, Sightings& out) {
  for (const auto& [name, m] : declared.middlewares) {
    for (const config::Text& user : users_of(m.options("basicAuth")))
      look_at_user(user, m.object, out);
    for (const config::Text& user : users_of(m.options("digestAuth")))
      look_at_digest(user, m.object, out);
  }
  const std::map<std::string, Kind> kinds = secrets_of(set.objects);
  for (const kubernetes::Object* o : set.objects.list(kubernetes::core_group, "Secret")) {
    config::Findings ignored;  // the translators report what is no base64
    const kubernetes::Secret secret = kubernetes::read_secret(*o, ignored);
    const auto known = kinds.find(o->ns + "/" + o->name);
    if (secret.type == "kubernetes.io/basic-auth")
      continue;  // user name and password, hashed by Traefik
    for (const auto& [key, entry] : secret.data) {
      const Kind kind = known != kinds.end()      ? known->second
                        : looks_like_users(entry) ? Kind::basic
                                                  : Kind::none;
      if (kind == Kind::none) continue;
      for (const config::Text& line : kubernetes::credential_lines(entry)) {
        kind == Kind::basic ? look_at_user(line, o->label(), out)
                            : look_at_digest(line, o->label(), out);
      }
    }
  }
}

}  // namespace gateproof::check
