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

class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
    uint32_t hash;
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

  // Views given out stay valid until clear(), assignment or destruction, even when their field is removed.
  std::optional<std::string_view> find(const HeaderName& name) const;  // the first line's value
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
  void add_hashed(const HeaderName& name, std::string_view value) {
    push({name.text, value, name.hash});
  }
  // As add(), the name in Go's canonical spelling.
  void add_canonical(std::string_view name, std::string_view value);
  // One line with this value, at the place of the first line if there was one; other lines of that name go.
  void set(std::string_view name, std::string_view value);
  // The same of a name and a value that outlive this object, as for add_static().
  void set_static(const HeaderName& name, std::string_view value);
  size_t remove(const HeaderName& name);
  template <class Predicate>  // (const Field&) -> bool
  size_t remove_if(Predicate p) {
    return std::erase_if(fields_, p);
  }
  void clear() {
    fields_.clear();
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
  void push(const Field& f);
  Fields fields_;
  Arena arena_;
};

// Go's canonical spelling: the first letter and each letter after '-' upper case, the rest lower. A name with a byte that is
// no token character is returned unchanged.
std::string canonical_name(std::string_view name);
// The same, in place; false (and unchanged) if the name holds a byte that is not allowed in a token.
bool canonicalize(char* name, size_t n);
bool is_token(std::string_view s);        // RFC 9110 section 5.6.2
bool is_field_value(std::string_view s);  // RFC 9110 section 5.5: no control characters but HTAB
// Whether a comma-separated list (all lines) holds the token, case-insensitively.
bool list_has_token(const Headers& h, const HeaderName& name, std::string_view token);

}  // namespace gateproof::http
