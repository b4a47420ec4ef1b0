// FileLoader: reads the file provider's files and says whether they mean the same as before.
#pragma once
#include "engine/config/file_set.h"
#include "engine/providers/file_provider.h"

namespace gateproof::providers {

class FileLoader {
 public:
  // All but the config outlive the loader.
  FileLoader(Files& files, const config::FileProviderConfig& config,
             const config::MiddlewareTypes& types,
             const Environment& environment = empty_environment())
      : files_(files), config_(config), types_(types), environment_(environment) {}

  // The message's digest is one of values: comments, blanks, quoting and the order of keys do not count, as they do not for the
  // reference, which compares decoded configurations. What stands in the files of certificates, keys and authorities that it names
  // counts (usersFile and the like do not, as there).
  Loaded load();

 private:
  struct Seen {
    uint64_t text = 0;
    std::string values;
  };
  Files& files_;
  config::FileProviderConfig config_;
  const config::MiddlewareTypes& types_;
  const Environment& environment_;
  std::map<std::string, Seen>
      seen_;  // by path: a file that did not change is not parsed a second time
};

// 32 hexadecimal digits over the values of a tree.
std::string digest_of(const config::Value& value);

}  // namespace gateproof::providers
