#include "engine/http/headers.h"

#include <algorithm>
#include <cstring>

namespace gateproof::http {
namespace {

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> t{};
  for (int c = 0; c < 256; ++c) t[c] = text::is_alnum(static_cast<char>(c)) && c < 128;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) t[static_cast<unsigned char>(c)] = true;
  return t;
}
constexpr auto token_table = make_token_table();

void canonicalize_token(char* name, size_t n) {
  bool start = true;
  for (size_t i = 0; i < n; ++i) {
    name[i] = start ? text::upper(name[i]) : text::lower(name[i]);
    start = name[i] == '-';
  }
}

}  // namespace

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  for (const auto& [name, value] : fields) add(name, value);
}

Headers& Headers::operator=(const Headers& o) {
  if (this == &o) return *this;
  clear();
  fields_.reserve(o.fields_.size());
  size_t bytes = 0;
  for (const Field& f : o.fields_) bytes += f.name.size() + f.value.size();
  char* at = bytes ? arena_.allocate(bytes) : nullptr;  // one piece for all
  const auto copied = [&at](std::string_view s) {
    char* const p = at;
    at = std::copy(s.begin(), s.end(), at);
    return std::string_view(p, s.size());
  };
  for (const Field& f : o.fields_) {
    const std::string_view name = copied(f.name);
    fields_.push_back({name, copied(f.value), f.hash, f.sound});
  }
  had_ = o.had_;
  return *this;
}

std::optional<std::string_view> Headers::find_line(const HeaderName& name) const {
  for (const Field& f : fields_) {
    if (f.is(name)) return f.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::values(const HeaderName& name) const {
  std::vector<std::string_view> out;
  for (const Field& f : fields_) {
    if (f.is(name)) out.push_back(f.value);
  }
  return out;
}

std::string Headers::joined(const HeaderName& name) const {
  std::string out;
  bool first = true;
  for (const Field& f : fields_) {
    if (!f.is(name)) continue;
    if (!first) out += ", ";
    out += f.value;
    first = false;
  }
  return out;
}

void Headers::add(std::string_view name, std::string_view value) {
  push({arena_.copy(name), arena_.copy(value), HeaderName::hash_of(name)});
}

void Headers::add_first(std::string_view name, std::string_view value) {
  const Field f{arena_.copy(name), arena_.copy(value), HeaderName::hash_of(name)};
  had_ |= bit_of(f.hash);
  fields_.insert(fields_.begin(), f);
}

void Headers::add_canonical(std::string_view name, std::string_view value) {
  char* copy = arena_.allocate(name.size());
  std::copy(name.begin(), name.end(), copy);
  canonicalize(copy, name.size());
  push({{copy, name.size()}, arena_.copy(value), HeaderName::hash_of(name)});
}

void Headers::add_sound_canonical(std::string_view name, std::string_view value) {
  char* copy = arena_.allocate(name.size());
  std::copy(name.begin(), name.end(), copy);
  canonicalize_token(copy, name.size());
  push({{copy, name.size()}, arena_.copy(value), HeaderName::hash_of(name), true});
}

void Headers::add_static(std::string_view name, std::string_view value) {
  push({name, value, HeaderName::hash_of(name)});
}

void Headers::set(std::string_view name, std::string_view value) {
  set_static(HeaderName(arena_.copy(name)), arena_.copy(value));
}

void Headers::set_field(const Field& fresh) {
  if (!may_have(fresh.hash)) return push(fresh);
  const HeaderName wanted(fresh.name, fresh.hash);
  const auto same = [&](const Field& f) { return f.is(wanted); };
  const auto first = std::find_if(fields_.begin(), fields_.end(), same);
  if (first == fields_.end()) return push(fresh);
  *first = fresh;
  fields_.erase(std::remove_if(first + 1, fields_.end(), same), fields_.end());
}

bool Headers::is_sound_value(std::string_view value) {
  const auto edge = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  return is_field_value(value) && (value.empty() || (!edge(value.front()) && !edge(value.back())));
}

size_t Headers::remove_lines(const HeaderName& name) {
  return std::erase_if(fields_, [&](const Field& f) { return f.is(name); });
}

// Whether eight bytes are letters, digits or dashes, as those of almost every name are; what it refuses may be a token yet.
static bool plain_name(uint64_t word) {
  constexpr uint64_t ones = 0x0101010101010101ull, high = ones * 0x80;
  // The high bit of each byte that is at least `least`; bytes are below 0x80 here, so that none carries over.
  const auto from = [](uint64_t bytes, uint64_t least) { return bytes + ones * (0x80 - least); };
  const auto within = [&](uint64_t bytes, char first, char last) {
    return from(bytes, static_cast<uint64_t>(first)) &
           ~from(bytes, static_cast<uint64_t>(last) + 1);
  };
  if (word & high) return false;
  const uint64_t letters = within(word | ones * 0x20, 'a', 'z');
  return ((letters | within(word, '0', '9') | within(word, '-', '-')) & high) == high;
}

// Four to seven bytes as eight: the last four again behind the first.
static uint64_t doubled(std::string_view s) {
  uint32_t front, back;
  std::memcpy(&front, s.data(), sizeof front);
  std::memcpy(&back, s.data() + s.size() - sizeof back, sizeof back);
  return uint64_t{back} << 32 | front;
}

bool is_token(std::string_view s) {
  if (s.empty()) return false;
  if (s.size() >= 4 && s.size() < 8 && plain_name(doubled(s))) return true;
  const std::string_view whole = s;
  while (s.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, s.data(), 8);
    if (!plain_name(word)) break;
    s.remove_prefix(8);
  }
  if (s.size() < 8 && whole.size() >= 8) {  // the rest, over what was looked at
    uint64_t word;
    std::memcpy(&word, whole.data() + whole.size() - 8, 8);
    if (plain_name(word)) return true;
  }
  for (char c : s) {
    if (!token_table[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

bool is_field_value(std::string_view s) {
  // Every field that is sent is looked at: eight bytes at a time as long as none of them can be a control character.
  constexpr uint64_t ones = 0x0101010101010101ull;
  const auto harmless_word = [](uint64_t word) {
    const uint64_t del = word ^ ones * 0x7f;
    const uint64_t low = (word - ones * 0x20) & ~word;
    const uint64_t zero = (del - ones) & ~del;
    return ((low | zero) & (ones * 0x80)) == 0;
  };
  const auto harmless = [&](const char* at) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    return harmless_word(word);
  };
  if (s.size() >= 4 && s.size() < 8 && harmless_word(doubled(s))) return true;
  const std::string_view whole = s;
  while (s.size() >= 8 && harmless(s.data())) s.remove_prefix(8);
  // The rest, over what was looked at.
  if (s.size() < 8 && whole.size() >= 8 && harmless(whole.data() + whole.size() - 8)) return true;
  for (char c : s) {
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x20 && u != '\t') || u == 0x7f) return false;
  }
  return true;
}

bool canonicalize(char* name, size_t n) {
  if (!is_token({name, n})) return false;
  canonicalize_token(name, n);
  return true;
}

std::string canonical_name(std::string_view name) {
  std::string out(name);
  canonicalize(out.data(), out.size());
  return out;
}

bool list_has_token(const Headers& h, const HeaderName& name, std::string_view token) {
  if (!h.may_have(name.hash)) return false;
  for (const Headers::Field& f : h) {
    if (!f.is(name)) continue;
    std::string_view rest = f.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (text::iequals(text::trim(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

}  // namespace gateproof::http
