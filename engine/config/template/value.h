// Values of templates. Go's types matter: printing, comparing and calling go by them.
#pragma once
#include <deque>
#include <map>

#include "engine/config/template.h"

namespace gateproof::config::tmpl {

struct List;
struct Map;

// Cheap to copy: texts, lists and maps belong to the Store (or to the template's own text) and live as long as the execution.
// Lists and maps are references, as in Go: `set` changes the map that every holder sees.
struct Val {
  enum Kind : uint8_t {
    none,  // no value at all (a missing key); prints "<no value>"
    nil,   // an empty interface
    boolean,
    integer,  // int
    int64,
    byte,  // uint8: an element of a text
    real,  // float64
    text,
    list,
    map
  };
  Kind kind = none;
  int64_t i = 0;  // integers; a boolean's 0 or 1
  double d = 0;
  std::string_view s;
  List* l = nullptr;
  Map* m = nullptr;

  static Val boolean_of(bool b) { return {boolean, b}; }
  static Val int_of(int64_t n) { return {integer, n}; }
  static Val int64_of(int64_t n) { return {int64, n}; }
  static Val real_of(double n) { return {real, 0, n}; }
  static Val text_of(std::string_view t) { return {text, 0, 0, t}; }
  bool is_int() const { return kind == integer || kind == int64 || kind == byte; }
  bool empty() const { return kind == none || kind == nil; }
};

enum class Elements : uint8_t { any, text, integer };  // []interface {}, []string, []int

struct List {
  Elements elements = Elements::any;
  std::vector<Val> items;
};
struct Map {
  Elements elements = Elements::any;
  std::string_view structure;  // Go's type where this is a structure, with fields instead of keys
  std::map<std::string_view, Val> entries;  // sorted, as Go prints and ranges over maps
};

// Owns what functions make, and counts it. After a limit was passed `spent` says which; what is made then is empty.
class Store {
 public:
  explicit Store(const TemplateLimits& limits) : limits(limits) {}

  bool charge(size_t bytes);    // false: memory_bytes_max is passed
  bool step(size_t count = 1);  // false: steps_max is passed
  bool deep(size_t depth);      // true: value_depth_max is passed
  std::string_view keep(std::string s);
  Val text(std::string s) { return Val::text_of(keep(std::move(s))); }
  Val list(std::vector<Val> items, Elements elements = Elements::any);
  Val map(Elements elements = Elements::any);
  void put(Map& map, std::string_view key, Val v);

  const TemplateLimits& limits;
  std::string spent;  // the message of the limit that was passed; "" for none

 private:
  std::deque<std::string> texts_;
  std::deque<List> lists_;
  std::deque<Map> maps_;
  size_t bytes_ = 0, steps_ = 0;
};

std::string type_name(const Val& v);       // reflect.Type.String(): "[]interface {}"
std::string_view kind_name(const Val& v);  // reflect.Kind.String(): "slice"
bool truth(const Val& v);  // text/template's IsTrue; also the opposite of Sprig's empty
bool deep_equal(const Val& a, const Val& b, Store& store, size_t depth = 0);

}  // namespace gateproof::config::tmpl
