// Where an object stands among those of its kind: by namespace, then by name.
#pragma once
#include <string>
#include <string_view>

namespace gateproof::kubernetes::cluster {

inline std::string object_key(std::string_view ns, std::string_view name) {
  std::string key;
  key.reserve(ns.size() + 1 + name.size());
  key.append(ns).append(1, '/').append(name);
  return key;
}

// The first key behind every object of a namespace.
inline std::string after_namespace(std::string_view ns) { return std::string(ns) + "0"; }

}  // namespace gateproof::kubernetes::cluster
