#include "engine/net/cname_query.h"

#include <fstream>

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <sys/socket.h>

#include "engine/base/text.h"
#include "engine/net/fd.h"
#include "engine/net/socket.h"

namespace gateproof::net {
namespace {

constexpr size_t answer_bytes_max = 4096;  // an answer over UDP; longer ones are cut by the server
using Message = std::array<unsigned char, answer_bytes_max>;

// The question's bytes; empty if the name cannot be one.
std::vector<unsigned char> question(const std::string& host) {
  Message m;
  struct __res_state state {};
  const int n = ::res_nmkquery(&state, QUERY, host.c_str(), ns_c_in, ns_t_cname, nullptr, 0,
                               nullptr, m.data(), int(m.size()));
  if (n <= NS_HFIXEDSZ) return {};
  m[2] |= 1;  // recursion desired, whatever the state's flags are
  return {m.begin(), m.begin() + n};
}

// Waits for an answer with the question's id.
std::optional<std::vector<unsigned char>> exchange(const SocketAddress& server,
                                                   const std::vector<unsigned char>& query) {
  const RawAddress to = to_raw(server);
  const Fd fd(::socket(to.get()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 || ::connect(fd.get(), to.get(), to.length) != 0 ||
      ::send(fd.get(), query.data(), query.size(), MSG_NOSIGNAL) < 0) {
    return std::nullopt;
  }
  constexpr int strays_max = 16;  // datagrams that answer something else
  for (int stray = 0; stray < strays_max; ++stray) {
    pollfd ready{fd.get(), POLLIN, 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(name_server_wait);
    if (::poll(&ready, 1, int(wait.count())) <= 0) return std::nullopt;
    Message m;
    const ssize_t n = ::recv(fd.get(), m.data(), m.size(), 0);
    if (n < 0) return std::nullopt;
    if (n >= NS_HFIXEDSZ && m[0] == query[0] && m[1] == query[1])
      return std::vector<unsigned char>(m.begin(), m.begin() + n);
  }
  return std::nullopt;
}

std::optional<CanonicalName> read_answer(const std::vector<unsigned char>& bytes) {
  ns_msg message;
  ns_rr record;
  if (::ns_initparse(bytes.data(), int(bytes.size()), &message) != 0 ||
      ns_msg_count(message, ns_s_an) == 0 || ::ns_parserr(&message, ns_s_an, 0, &record) != 0 ||
      ns_rr_type(record) != ns_t_cname) {
    return std::nullopt;
  }
  char name[NS_MAXDNAME];
  if (::dn_expand(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record), name,
                  sizeof name) < 0) {
    return std::nullopt;
  }
  std::string_view text = name;
  if (text.ends_with('.')) text.remove_suffix(1);
  return CanonicalName{std::string(text), std::chrono::seconds(ns_rr_ttl(record))};
}

}  // namespace

std::vector<IpAddress> name_servers(std::string_view resolv_conf) {
  std::vector<IpAddress> out;
  for (std::string_view line : text::split(resolv_conf, '\n')) {
    line = line.substr(0, line.find_first_of("#;"));
    line = text::trim(line);
    if (!line.starts_with("nameserver")) continue;
    const std::string_view rest = line.substr(10);
    if (rest.empty() || (rest[0] != ' ' && rest[0] != '\t')) continue;
    const std::optional<IpAddress> ip = IpAddress::parse(text::trim(rest));
    if (ip && out.size() < name_servers_max) out.push_back(*ip);
  }
  if (out.empty()) out.push_back(IpAddress::v4(127, 0, 0, 1));
  return out;
}

CnameAnswer ask_cname(const std::string& host, const std::string& config_file, uint16_t port) {
  std::ifstream file(config_file, std::ios::binary);
  if (!file)
    return Error(Code::io, Source::upstream, "invalid resolver configuration file: " + config_file);
  std::string text(name_server_file_bytes_max, '\0');
  file.read(text.data(), std::streamsize(text.size()));
  text.resize(size_t(file.gcount()));
  const std::vector<unsigned char> query = question(host);
  if (query.empty()) return std::optional<CanonicalName>();
  std::optional<CanonicalName> best;
  for (const IpAddress& server : name_servers(text)) {
    const auto answer = exchange({server, port}, query);
    std::optional<CanonicalName> one = answer ? read_answer(*answer) : std::nullopt;
    if (one && (!best || one->ttl > best->ttl)) best = std::move(one);
  }
  return best;
}

}  // namespace gateproof::net
