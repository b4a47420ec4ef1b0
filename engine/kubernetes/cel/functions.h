// The functions that expressions may call: the language's own, and those that Kubernetes adds (its "CEL libraries" pages).
// One table for each file; functions.cpp puts them together.
#pragma once
#include "engine/kubernetes/cel/program.h"

namespace gateproof::kubernetes::cel {

inline constexpr size_t made_bytes_max = 1 << 20;  // of a text or list that a function makes

std::span<const Function> operators();         // + - * / % == != < <= > >= in ! -
std::span<const Function> conversions();       // int(), string() ...
std::span<const Function> text_functions();    // of strings
std::span<const Function> list_functions();    // of lists, sets and optionals
std::span<const Function> time_functions();    // of durations and timestamps
std::span<const Function> format_functions();  // isIP(), format.* ...

inline Value no_overload() { return Value::error("no such overload"); }

}  // namespace gateproof::kubernetes::cel
