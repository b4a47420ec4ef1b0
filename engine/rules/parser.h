// The syntax of a rule: the expressions of Go that Traefik lets in, and its words for those that it does not.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/rules/lexer.h"
#include "engine/rules/matcher.h"

namespace gateproof::rules {

struct Expression {
  enum Kind : uint8_t {
    identifier,  // lexeme
    literal,     // lexeme, literal_kind
    paren,       // parts[0]
    unary,       // lexeme is the operator, parts[0]
    binary,      // lexeme is the operator, parts in order: a chain of equal operators is one node
    call,        // parts[0] is what is called, the rest are arguments
    selector,    // parts[0], lexeme is the name after the dot
    index,       // parts[0]: never valid
    foreign,     // lexeme is Go's node name ("CompositeLit"): never valid
  };
  Kind kind = foreign;
  Token::Kind literal_kind = Token::end;
  std::string_view lexeme;
  uint32_t offset = 0;
  uint32_t length = 0;
  std::vector<Expression> parts;
};

// Messages are Go's, "1:9: missing ',' before newline in argument list"; the tree holds views into the text.
boost::system::result<Expression, RuleError> parse_expression(std::string_view text);

// Go's name of the node, for "expected identifier, got: *ast.CallExpr".
std::string_view go_node_name(const Expression& e);

}  // namespace gateproof::rules
