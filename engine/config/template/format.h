// Go's fmt: Sprint and Sprintf over template values.
#pragma once
#include <span>

#include "engine/config/template/value.h"

namespace gateproof::config::tmpl {

// What an action prints: fmt.Fprint, with "<no value>" for nothing.
std::string printed(const Val& v, Store& store);
std::string sprint(std::span<const Val> args, Store& store);
std::string sprintln(std::span<const Val> args, Store& store);
std::string sprintf(std::string_view format, std::span<const Val> args, Store& store);
// strconv.FormatFloat(d, verb, precision, 64); precision -1 is the shortest.
std::string format_float(double d, char verb, int precision);

}  // namespace gateproof::config::tmpl
