#include "engine/middleware/users_file.h"

namespace gateproof::middleware {

Result<std::string> read_users_file(const std::string& path, const BuildContext& context) {
  if (!context.files) return Error(Code::unsupported, "usersFile cannot be read here: " + path);
  auto text = context.files->read(path, users_file_bytes_max);
  if (text) return text;
  const std::string why =
      text.error().code == Code::not_found ? "no such file or directory" : text.error().message;
  return Error(text.error().code, "open " + path + ": " + why);
}

}  // namespace gateproof::middleware
