// Header fields: ordered, case-insensitive, repeated lines kept. Names keep the spelling that they were given.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/arena.h"
#include "engine/base/text.h"

namespace gateproof::http {

// A field name with a cheap case-insensitive hash; literals are hashed at compile time.
struct HeaderName {
  std::string_view text;
  uint32_t hash;

  template <size_t N>
  constexpr HeaderName(const char (&s)[N]) : HeaderName(std::string_view(s, N - 1)) {}
  constexpr HeaderName(std::string_view s) : text(s), hash(hash_of(s)) {}
  HeaderName(const std::string& s) : HeaderName(std::string_view(s)) {}
  constexpr HeaderName(std::string_view s, uint32_t known_hash) : text(s), hash(known_hash) {}

  static constexpr uint32_t hash_of(std::string_view s) {
    if (s.empty()) return 0;
    const auto low = [&](size_t i) {
      return static_cast<uint32_t>(static_cast<unsigned char>(text::lower(s[i])));
    };
    return static_cast<uint32_t>(s.size()) | low(0) << 8 | low(s.size() / 2) << 16 |
           low(s.size() - 1) << 24;
  }
};

bool is_token(std::string_view s);        // RFC 9110 section 5.6.2
bool is_field_value(std::string_view s);  // RFC 9110 section 5.5: no control characters but HTAB

class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
    uint32_t hash;
    // The name is known to be a token, and the value that of a field without blanks around it: who writes it looks no more.
    bool sound = false;
    bool is(const HeaderName& n) const { return hash == n.hash && text::iequals(name, n.text); }
  };
  using Fields = std::vector<Field, frame_pool::Allocator<Field>>;
  using const_iterator = Fields::const_iterator;

  Headers() = default;
  Headers(const Headers& o) { *this = o; }
  Headers& operator=(const Headers& o);
  Headers(Headers&&) noexcept = default;
  Headers& operator=(Headers&&) noexcept = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  // A field whose soundness is found out here.
  static Field checked(const HeaderName& name, std::string_view value) {
    return {name.text, value, name.hash, is_token(name.text) && is_sound_value(value)};
  }
  // The same with a name that is known to be a token.
  static Field named(const HeaderName& name, std::string_view value) {
    return {name.text, value, name.hash, is_sound_value(value)};
  }

  // Views given out stay valid until clear(), assignment or destruction, even when their field is removed.
  std::optional<std::string_view> find(const HeaderName& name) const {  // the first line's value
    return may_have(name.hash) ? find_line(name) : std::nullopt;
  }
  std::string_view get(const HeaderName& name) const {
    return find(name).value_or(std::string_view());
  }
  bool has(const HeaderName& name) const { return find(name).has_value(); }
  std::vector<std::string_view> values(const HeaderName& name) const;
  // All lines' values joined with ", "; empty when absent.
  std::string joined(const HeaderName& name) const;

  void add(std::string_view name, std::string_view value);
  // Before all other fields: what Go's handlers set before an answer's own fields are added.
  void add_first(std::string_view name, std::string_view value);
  // Names and values that outlive this object (literals, the snapshot's text) need no copy.
  void add_static(std::string_view name, std::string_view value);
  void add_field(const Field& f) { push(f); }  // whose texts outlive this object, too
  // As add(), the name in Go's canonical spelling.
  void add_canonical(std::string_view name, std::string_view value);
  // The same of what is sound.
  void add_sound_canonical(std::string_view name, std::string_view value);
  // One line with this value, at the place of the first line if there was one; other lines of that name go.
  void set(std::string_view name, std::string_view value);
  // The same of a name and a value that outlive this object, as for add_static().
  void set_static(const HeaderName& name, std::string_view value) {
    set_field({name.text, value, name.hash});
  }
  void set_field(const Field& f);
  size_t remove(const HeaderName& name) { return may_have(name.hash) ? remove_lines(name) : 0; }
  template <class Predicate>  // (const Field&) -> bool
  size_t remove_if(Predicate p) {
    return std::erase_if(fields_, p);
  }
  // False: no field has a name of this hash. Names that were taken away count.
  bool may_have(uint32_t hash) const { return had_ & bit_of(hash); }
  void clear() {
    fields_.clear();
    had_ = 0;
    arena_.reset();
  }

  size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  const_iterator begin() const { return fields_.begin(); }
  const_iterator end() const { return fields_.end(); }
  // Text that lives as long as the fields.
  std::string_view keep(std::string_view s) { return arena_.copy(s); }

 private:
  static constexpr size_t fields_usual = 12;  // room that is made at the first field
  static bool is_sound_value(std::string_view value);
  static constexpr uint64_t bit_of(uint32_t hash) {
    return uint64_t{1} << (hash * 0x9E3779B1u >> 26);
  }
  std::optional<std::string_view> find_line(const HeaderName& name) const;
  size_t remove_lines(const HeaderName& name);
  void push(const Field& f) {
    had_ |= bit_of(f.hash);
    if (fields_.capacity() == 0) fields_.reserve(fields_usual);
    fields_.push_back(f);
  }
  Fields fields_;
  uint64_t had_ = 0;  // a bit for each name that was added
  Arena arena_;
};

// Go's canonical spelling: the first letter and each letter after '-' upper case, the rest lower. A name with a byte that is
// no token character is returned unchanged.
std::string canonical_name(std::string_view name);
// The same, in place; false (and unchanged) if the name holds a byte that is not allowed in a token.
bool canonicalize(char* name, size_t n);
// Whether a comma-separated list (all lines) holds the token, case-insensitively.
bool list_has_token(const Headers& h, const HeaderName& name, std::string_view token);

}  // namespace gateproof::http
