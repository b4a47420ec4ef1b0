#include "engine/providers/file_loader.h"

#include "engine/base/crypto.h"
#include "engine/base/text.h"

namespace gateproof::providers {

namespace {

// Two independent 64-bit sums: equality of configurations is decided by them alone.
struct Hash {
  uint64_t a = 0;
  uint64_t b = 0;
};

uint64_t mix(uint64_t z) {  // SplitMix64's finaliser
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

Hash hash_text(std::string_view text, uint64_t salt) {
  const uint64_t h = crypto::fnv1a_64(text);
  const uint64_t g = crypto::fnv1_64(text) + text.size();
  return {mix(h + salt), mix(g ^ (salt * 0x9e3779b97f4a7c15ull))};
}

Hash join(Hash x, Hash y) { return {mix(x.a * 31 + y.a), mix(x.b * 37 + y.b)}; }

Hash hash_value(const config::Value& v) {
  Hash h{v.kind + 1u, v.kind + 11u};
  switch (v.kind) {
    case config::Value::null: break;
    // `true` and "true" may differ in meaning, so quoting counts where YAML would read no text.
    case config::Value::scalar: return join(h, hash_text(v.text, v.quoted ? 2 : 1));
    case config::Value::sequence:
      for (const config::Value& item : v.items) h = join(h, hash_value(item));
      break;
    case config::Value::mapping: {
      Hash sum{};  // commutative: the order of keys does not count
      for (const config::Value::Member& m : v.members) {
        const Hash one = join(hash_text(m.key, 3), hash_value(m.value));
        sum.a += one.a;
        sum.b += one.b;
      }
      h = join(h, sum);
      break;
    }
  }
  return h;
}

std::string hex_of(const Hash& h) {
  std::string raw(16, '\0');
  for (size_t i = 0; i < 8; ++i) {
    raw[i] = static_cast<char>(h.a >> (8 * i));
    raw[8 + i] = static_cast<char>(h.b >> (8 * i));
  }
  return crypto::hex(raw);
}

// Hands reads on and keeps the texts.
class RecordingFiles final : public Files {
 public:
  explicit RecordingFiles(Files& files) : files_(files) {}
  Result<std::string> read(const std::string& path, size_t bytes_max) override {
    Result<std::string> text = files_.read(path, bytes_max);
    if (text) texts[path] = *text;
    return text;
  }
  Result<std::vector<std::string>> list(const std::string& d) override { return files_.list(d); }
  Result<FileStamp> stamp(const std::string& p) override { return files_.stamp(p); }
  std::map<std::string, std::string> texts;

 private:
  Files& files_;
};

constexpr size_t pem_bytes_max = 1u << 20;  // as where a snapshot is built

// The texts that name files of certificates, keys and authorities, in the order of the configuration.
std::vector<std::string_view> named_files(const config::DynamicConfig& c) {
  std::vector<std::string_view> named;
  const auto all = [&](const std::vector<config::Text>& texts) {
    for (const config::Text& t : texts) named.push_back(t.value);
  };
  const auto pair = [&](const config::CertificateConfig& p) {
    named.push_back(p.cert_file.value);
    named.push_back(p.key_file.value);
  };
  const auto transport = [&](const config::TransportTlsConfig& t) {
    all(t.root_cas);
    for (const config::CertificateConfig& p : t.certificates) pair(p);
  };
  for (const config::CertificateConfig& p : c.certificates) pair(p);
  for (const auto& [name, o] : c.tls_options) all(o.ca_files);
  for (const auto& [name, store] : c.tls_stores) {
    if (store.default_certificate) pair(*store.default_certificate);
  }
  for (const auto& [name, t] : c.servers_transports) transport(t.tls);
  for (const auto& [name, t] : c.tcp.servers_transports) {
    if (t.tls) transport(*t.tls);
  }
  std::erase_if(named, [](std::string_view text) {
    return text.empty() || text.find('\n') != std::string_view::npos;  // the PEM text itself
  });
  return named;
}

// The reference reads these files when it reads the configuration, so that one that was replaced makes another configuration.
std::string digest_of_files(const std::vector<std::string_view>& named, Files& files) {
  if (named.empty()) return {};
  Hash h;
  for (std::string_view path : named) {
    const Result<std::string> text = files.read(std::string(path), pem_bytes_max);
    h = join(h, text ? hash_text(*text, 5) : hash_text(path, 7));
  }
  return hex_of(h);
}

}  // namespace

std::string digest_of(const config::Value& value) { return hex_of(hash_value(value)); }

Loaded FileLoader::load() {
  RecordingFiles recording(files_);
  Loaded loaded;
  config::FileSet set =
      config::load_file_set(recording, config_, types_, loaded.findings, {}, environment_);
  loaded.findings.sort();
  if (!set.config) return loaded;
  Message message;
  message.objects = std::move(*set.config);
  std::map<std::string, Seen> now;
  for (const std::string& path : set.files) {
    const std::string& text = recording.texts[path];
    Seen& seen = now[path];
    seen.text = crypto::fnv1a_64(text);
    const auto before = seen_.find(path);
    if (before != seen_.end() && before->second.text == seen.text) {
      seen.values = before->second.values;
    } else {
      // What templates make counts, not how they make it.
      config::Findings ignored;
      const std::optional<config::Document> doc = config::parse_file_text(
          text, path, config::format_of(path).value_or(config::Format::yaml), ignored, {},
          environment_);
      seen.values = doc ? digest_of(doc->root) : crypto::hex(crypto::sha256(text));
    }
    // Paths do not count, their order does: the first definition of a name wins.
    message.digest += seen.values;
  }
  if (set.files.empty()) message.digest = "none";
  message.digest += digest_of_files(named_files(message.objects), files_);
  seen_ = std::move(now);
  loaded.message = std::move(message);
  return loaded;
}

}  // namespace gateproof::providers
