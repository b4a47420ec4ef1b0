// Digests, base64 and password hashes. The only room for OpenSSL's digests and libcrypt.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateproof::crypto {

std::string md5(std::string_view data);     // 16 raw bytes
std::string sha1(std::string_view data);    // 20 raw bytes
std::string sha256(std::string_view data);  // 32 raw bytes
std::string hex(std::string_view raw);
std::string base64(std::string_view raw);
std::optional<std::string> base64_decode(
    std::string_view text);  // standard alphabet, padding required

uint64_t fnv1_64(std::string_view data);
uint64_t fnv1a_64(std::string_view data);

// Compares without leaking the place of the first difference.
bool equal_constant_time(std::string_view a, std::string_view b);

// MD5-crypt in the form $magic$salt$hash (magic "apr1" or "1"): the 22 characters after the salt.
std::string md5_crypt(std::string_view password, std::string_view salt, std::string_view magic);
// bcrypt through libxcrypt; false for a hash that libcrypt does not understand.
bool bcrypt_matches(std::string_view password, const std::string& hash);

}  // namespace gateproof::crypto
