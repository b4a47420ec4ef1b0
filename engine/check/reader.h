// Reads paths into a ConfigSet's files: what is there, what each is, and what could not be read.
#pragma once
#include <set>

#include "engine/check/config_set.h"

namespace gateproof::check {

class Reader {
 public:
  Reader(Files& files, ConfigSet& set) : files_(files), set_(set) {}

  // A file or a directory.
  void path(const std::string& path);
  void text(const std::string& name, std::string text, config::Format format);
  // What a static file's providers.file names. False: there is nothing of that name.
  bool follow(const std::string& path);

 private:
  void directory(const std::string& path, const std::vector<std::string>& names, size_t depth);
  void file(const std::string& path);
  // A dump of a key/value store. False: the file is none.
  bool dump(const std::string& path);
  bool pair_text(const std::string& name, const std::string& text);
  void pair_document(LoadedFile& f);
  void unreadable(const std::string& path, Error e);
  void skipped(const std::string& path, const std::string& why, const std::string& remedy);
  void add(LoadedFile f);
  // A dynamic file that is a template: takes what it makes. False: it is no such file.
  bool executed(LoadedFile& f, config::Format format);

  Files& files_;
  ConfigSet& set_;
  std::set<std::string, std::less<>> seen_;
  bool following_ = false;
};

// The first character of a file, where there is nothing better to point at.
SourceSpan start_of(const std::string& path);

}  // namespace gateproof::check
