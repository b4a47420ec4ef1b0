// Functions of templates: Go's own and Sprig's. A table row says how Go would declare it, so that calls are checked alike.
#pragma once
#include <span>

#include "engine/config/template/value.h"

namespace gateproof::config::tmpl {

// A call's checked arguments. fail() records what Go puts behind "error calling name: ".
struct Call {
  std::span<const Val> args;
  Store& store;
  const Environment& environment;
  std::vector<std::string>& missing;  // environment variables that are not set
  std::optional<std::string> error;

  const Val& operator[](size_t i) const { return args[i]; }
  std::string_view text(size_t i) const { return args[i].s; }
  // fail(), with the words of a null pointer where the argument is null.
  Val empty_or_kind_error(size_t i, std::string message) {
    return fail(args[i].empty() ? "runtime error: invalid memory address or nil pointer dereference"
                                : std::move(message));
  }
  Val fail(std::string message) {
    error = std::move(message);
    return {};
  }
};

// Parameters, one letter each: s string, i int, b bool, a any, m map[string]interface {}, l []interface {}; a trailing '*' after a
// letter makes it variadic.
struct Function {
  std::string_view name;
  std::string_view parameters;
  Val (*run)(Call&);
};

const Function* find_function(std::string_view name);

// The tables by theme; find_function() looks through all.
std::span<const Function> builtin_functions();  // text/template's
std::span<const Function> text_functions();
std::span<const Function> number_functions();
std::span<const Function> list_functions();
std::span<const Function> map_functions();
std::span<const Function> value_functions();

// Sprig's strval: how its text functions read a value.
std::string to_text(const Val& v, Store& store);
// []string of anything, as Sprig's strslice: null values left out.
std::vector<std::string> to_texts(const Val& v, Store& store);
// spf13/cast's ToInt64 and ToFloat64: 0 for what is no number.
int64_t to_int64(const Val& v);
double to_float64(const Val& v);
// encoding/json; `html`: < > & escaped; `indent`: MarshalIndent with two blanks.
std::string to_json(const Val& v, bool html, bool indent, Store& store);

}  // namespace gateproof::config::tmpl
