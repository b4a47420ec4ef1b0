// The tree of a template, as Go's text/template/parse builds it: names and variables are checked here, types when it runs.
#pragma once
#include "engine/config/template/lexer.h"
#include "engine/config/template/value.h"

namespace gateproof::config::tmpl {

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
  enum Kind : uint8_t {
    list,    // kids: statements
    text,    // name
    action,  // pipe
    branch_if,
    branch_range,
    branch_with,  // pipe, body, other
    call,         // {{template name pipe}}
    break_,
    continue_,
    pipe,        // kids: commands; names: declared variables
    command,     // kids: operands
    identifier,  // name
    field,       // names
    variable,    // names: the variable, then fields
    chain,       // kids[0], then fields in names
    dot,
    nil,
    boolean,
    number,
    string  // value
  };
  Kind kind = list;
  bool assign = false;     // pipe: = instead of :=
  bool integral = false;   // number: can stand where an integer is wanted, as `whole`
  size_t at = 0, end = 0;  // in the template
  std::string_view name;
  Val value;
  int64_t whole = 0;
  std::vector<std::string_view> names;
  std::vector<NodePtr> kids;
  NodePtr pipe_, body, other;
};

struct Program {
  NodePtr main;
  std::map<std::string_view, NodePtr> defined;  // {{define}}, {{block}}
};

// What is wrong with a template, and where.
struct Failure {
  Code code = Code::invalid;
  size_t at = 0;
  std::string message;
};

// Texts of the tree point into `source` and into the store. Null main: `failure` says why.
Program parse_template(std::string_view source, Store& store, std::optional<Failure>& failure);

}  // namespace gateproof::config::tmpl
