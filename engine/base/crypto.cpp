#include "engine/base/crypto.h"

#include <array>
#include <memory>

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "engine/base/assert.h"

namespace gateproof::crypto {
namespace {

std::string digest(const EVP_MD* kind, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int n = 0;
  GP_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), &n, kind, nullptr) == 1);
  return {reinterpret_cast<const char*>(out.data()), n};
}

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> make_base64_values() {
  std::array<int8_t, 256> t{};
  for (int8_t& v : t) v = -1;
  for (size_t i = 0; i < base64_alphabet.size(); ++i) {
    t[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<int8_t>(i);
  }
  return t;
}
constexpr auto base64_values = make_base64_values();

constexpr uint64_t fnv_offset = 14695981039346656037ull;
constexpr uint64_t fnv_prime = 1099511628211ull;

}  // namespace

std::string md5(std::string_view data) { return digest(EVP_md5(), data); }
std::string sha1(std::string_view data) { return digest(EVP_sha1(), data); }
std::string sha256(std::string_view data) { return digest(EVP_sha256(), data); }

std::string hex(std::string_view raw) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(raw.size() * 2);
  for (char c : raw) {
    const auto u = static_cast<unsigned char>(c);
    out += digits[u >> 4];
    out += digits[u & 15];
  }
  return out;
}

std::string base64(std::string_view raw) {
  std::string out;
  out.reserve((raw.size() + 2) / 3 * 4);
  for (size_t i = 0; i < raw.size(); i += 3) {
    const size_t n = std::min<size_t>(3, raw.size() - i);
    uint32_t v = 0;
    for (size_t k = 0; k < 3; ++k)
      v = v << 8 | (k < n ? static_cast<unsigned char>(raw[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out += k <= n ? base64_alphabet[v >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

// As Go's StdEncoding: CR and LF are skipped, bits left over in the last character are ignored.
std::optional<std::string> base64_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t v = 0;
  size_t digits = 0;
  size_t padding = 0;
  for (char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      if (digits + padding >= 4 || digits < 2) return std::nullopt;
      if (digits + ++padding < 4) continue;
      v <<= 6 * padding;
      out += static_cast<char>(v >> 16);
      if (padding == 1) out += static_cast<char>(v >> 8 & 255);
      continue;
    }
    const int8_t value = base64_values[static_cast<unsigned char>(c)];
    if (value < 0 || padding > 0) return std::nullopt;
    v = v << 6 | static_cast<uint32_t>(value);
    if (++digits < 4) continue;
    out += static_cast<char>(v >> 16);
    out += static_cast<char>(v >> 8 & 255);
    out += static_cast<char>(v & 255);
    v = 0;
    digits = 0;
  }
  if (digits + padding != 0 && digits + padding != 4) return std::nullopt;
  return out;
}

uint64_t fnv1_64(std::string_view data) {
  uint64_t h = fnv_offset;
  for (char c : data) h = (h * fnv_prime) ^ static_cast<unsigned char>(c);
  return h;
}

uint64_t fnv1a_64(std::string_view data) {
  uint64_t h = fnv_offset;
  for (char c : data) h = (h ^ static_cast<unsigned char>(c)) * fnv_prime;
  return h;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

// The 24 bits of three digest bytes as n characters, lowest six bits first; crypt's own alphabet.
void append_crypt64(std::string& out, uint32_t v, int n) {
  static constexpr char alphabet[] =
      "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (; n > 0; --n) {
    out += alphabet[v & 63];
    v >>= 6;
  }
}

// The first digest of Poul-Henning Kamp's algorithm: password, magic, salt, and the alternate sum stirred in.
std::string md5_crypt_start(std::string_view password, std::string_view salt,
                            std::string_view magic) {
  const std::string alternate = md5(std::string(password).append(salt).append(password));
  std::string text(password);
  text.append("$").append(magic).append("$").append(salt);
  for (size_t left = password.size(); left > 0; left -= std::min<size_t>(16, left)) {
    text.append(alternate, 0, std::min<size_t>(16, left));
  }
  for (size_t i = password.size(); i > 0; i >>= 1) text += i & 1 ? '\0' : password[0];
  return md5(text);
}

}  // namespace

std::string md5_crypt(std::string_view password, std::string_view salt, std::string_view magic) {
  constexpr size_t salt_bytes_max = 8;
  constexpr int rounds = 1000;
  salt = salt.substr(0, salt_bytes_max);
  std::string sum = md5_crypt_start(password, salt, magic);
  std::string text;
  for (int i = 0; i < rounds; ++i) {
    text.clear();
    text.append(i & 1 ? password : std::string_view(sum));
    if (i % 3) text.append(salt);
    if (i % 7) text.append(password);
    text.append(i & 1 ? std::string_view(sum) : password);
    sum = md5(text);
  }
  const auto at = [&](int i) { return static_cast<uint32_t>(static_cast<unsigned char>(sum[i])); };
  std::string out;
  for (int i = 0; i < 5; ++i) {
    append_crypt64(out, at(i) << 16 | at(i + 6) << 8 | at(i == 4 ? 5 : i + 12), 4);
  }
  append_crypt64(out, at(11), 2);
  return out;
}

bool bcrypt_matches(std::string_view password, const std::string& hash) {
  if (!hash.starts_with("$2")) return false;
  // crypt takes C strings: a NUL would cut the password and let a longer one pass.
  if (password.find('\0') != std::string_view::npos) return false;
  auto data = std::make_unique<crypt_data>();
  const char* made = crypt_r(std::string(password).c_str(), hash.c_str(), data.get());
  return made && made[0] != '*' && equal_constant_time(made, hash);
}

}  // namespace gateproof::crypto
