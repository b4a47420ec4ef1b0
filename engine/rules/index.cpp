#include "engine/rules/index.h"

#include <tuple>

namespace gateproof::rules {
namespace {

// A bucket with no more routes than this is read through.
constexpr uint32_t small_bucket_routes = 4;

bool constrains(const IndexKey& k) {
  return k.host_kind != IndexKey::any_host || k.path_kind != IndexKey::any_path;
}

// How much a set of alternatives narrows: hosts first, then paths. An empty set narrows nothing.
size_t worth(const std::vector<IndexKey>& keys) {
  size_t least = keys.empty() ? 0 : SIZE_MAX;
  for (const IndexKey& k : keys) {
    const size_t host = k.host_kind == IndexKey::any_host ? 0 : 1000;
    const size_t path = k.path_kind == IndexKey::any_path ? 0 : 1 + k.path.size();
    least = std::min(least, host + path);
  }
  return least;
}

// Both hold. Dropping one of two hosts or paths is safe: the rule itself decides.
IndexKey both(const IndexKey& a, const IndexKey& b) {
  IndexKey k = a;
  if (a.host_kind == IndexKey::any_host ||
      (a.host_kind == IndexKey::wildcard_host && b.host_kind == IndexKey::exact_host)) {
    k.host_kind = b.host_kind;
    k.host = b.host;
  }
  const bool longer = b.path_kind != IndexKey::any_path && a.path_kind != IndexKey::exact_path &&
                      (b.path_kind == IndexKey::exact_path || b.path.size() > a.path.size());
  if (a.path_kind == IndexKey::any_path || longer) {
    k.path_kind = b.path_kind;
    k.path = b.path;
  }
  return k;
}

std::vector<IndexKey> join_all(const RuleNode& n) {
  std::vector<IndexKey> acc;
  for (const RuleNode& c : n.children) {
    std::vector<IndexKey> keys = index_alternatives(c);
    if (keys.empty()) continue;
    if (acc.empty()) {
      acc = std::move(keys);
    } else if (acc.size() * keys.size() <= index_alternatives_max) {
      std::vector<IndexKey> crossed;
      for (const IndexKey& a : acc) {
        for (const IndexKey& b : keys) crossed.push_back(both(a, b));
      }
      acc = std::move(crossed);
    } else if (worth(keys) > worth(acc)) {
      acc = std::move(keys);
    }
  }
  return acc;
}

std::string_view without_dots(std::string_view host) {
  while (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

std::vector<IndexKey> index_alternatives(const RuleNode& n) {
  std::vector<IndexKey> out;
  if (n.kind == RuleNode::call) {
    if (n.negated || !n.matcher) return {};
    out = n.matcher->index_keys();
  } else if (n.kind == RuleNode::all_of) {
    out = join_all(n);
  } else {
    for (const RuleNode& c : n.children) {
      std::vector<IndexKey> keys = index_alternatives(c);
      if (keys.empty()) return {};
      for (IndexKey& k : keys) out.push_back(std::move(k));
      if (out.size() > index_alternatives_max) return {};
    }
  }
  if (out.size() > index_alternatives_max) return {};
  for (const IndexKey& k : out) {
    if (!constrains(k)) return {};
  }
  return out;
}

uint64_t RouteIndex::mix(uint64_t h) {
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93ull;
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93ull;
  return h ^ (h >> 32);
}

// Trailing dots are ignored here because Host() ignores one on either side; the rule looks closer.
uint64_t RouteIndex::host_hash(std::string_view host) {
  return mix(std::hash<std::string_view>{}(without_dots(host)) ^ 1);
}

// "a.b.c" and "*.b.c" alike become ".b.c".
uint64_t RouteIndex::wildcard_hash(std::string_view host) {
  const size_t dot = host.find('.');
  const std::string_view rest =
      dot == std::string_view::npos ? std::string_view() : host.substr(dot);
  return mix(std::hash<std::string_view>{}(without_dots(rest)) ^ 2);
}

void RouteIndex::add(uint32_t route, const std::vector<IndexKey>& keys) {
  const auto draft = [&](const IndexKey& k) {
    Draft d;
    d.route = route;
    d.bucket = any_host_hash;
    if (k.host_kind == IndexKey::exact_host) d.bucket = host_hash(k.host);
    if (k.host_kind == IndexKey::wildcard_host) d.bucket = wildcard_hash(k.host), wildcards_ = true;
    const uint64_t seed = mix(d.bucket);
    uint64_t running = seed;
    const std::string_view path = k.path_kind == IndexKey::any_path ? std::string_view() : k.path;
    for (char c : path) running = step(running, c);
    d.length = k.path_kind == IndexKey::exact_path ? whole : static_cast<uint32_t>(path.size());
    d.key = path_key(running, d.length);
    drafts_.push_back(d);
  };
  if (keys.empty()) draft(IndexKey{});
  for (const IndexKey& k : keys) draft(k);
}

void RouteIndex::finish() {
  std::vector<Draft> listed;
  finish_buckets(listed);
  finish_lists(listed);
  std::vector<Draft>().swap(drafts_);
}

// Small buckets are done at once; the drafts of the others are handed on.
void RouteIndex::finish_buckets(std::vector<Draft>& listed) {
  std::sort(drafts_.begin(), drafts_.end(), [](const Draft& a, const Draft& b) {
    return std::tie(a.bucket, a.length, a.route) < std::tie(b.bucket, b.length, b.route);
  });
  size_t hosts = 0;
  for (size_t i = 0; i < drafts_.size(); ++i) {
    hosts += i == 0 || drafts_[i].bucket != drafts_[i - 1].bucket;
  }
  buckets_.reserve(hosts);
  for (size_t i = 0; i < drafts_.size();) {
    size_t end = i;
    while (end < drafts_.size() && drafts_[end].bucket == drafts_[i].bucket) ++end;
    Bucket& b = buckets_.put(drafts_[i].bucket);
    b.seed = mix(drafts_[i].bucket);
    b.small = end - i <= small_bucket_routes;
    if (b.small) {
      const auto begin = static_cast<uint32_t>(routes_.size());
      for (; i < end; ++i) routes_.push_back(drafts_[i].route);
      std::sort(routes_.begin() + begin, routes_.end());
      routes_.erase(std::unique(routes_.begin() + begin, routes_.end()), routes_.end());
      b.all = {begin, static_cast<uint32_t>(routes_.size()) - begin};
      continue;
    }
    b.lengths = static_cast<uint32_t>(lengths_.size());
    for (; i < end; ++i) {
      const uint32_t length = drafts_[i].length;
      if (length == whole) {
        b.exact = true;
      } else if (lengths_.size() == b.lengths || lengths_.back() != length) {
        lengths_.push_back(length);
      }
      listed.push_back(drafts_[i]);
    }
    b.length_count = static_cast<uint32_t>(lengths_.size()) - b.lengths;
  }
}

// One list for each key of a path, over all buckets: should two keys share a hash, their routes share a list.
void RouteIndex::finish_lists(std::vector<Draft>& listed) {
  std::sort(listed.begin(), listed.end(), [](const Draft& a, const Draft& b) {
    return std::tie(a.key, a.route) < std::tie(b.key, b.route);
  });
  size_t keys = 0;
  for (size_t i = 0; i < listed.size(); ++i) keys += i == 0 || listed[i].key != listed[i - 1].key;
  paths_.reserve(keys);
  for (const Draft& d : listed) {
    List& l = paths_.put(d.key);
    if (l.count == 0) l.begin = static_cast<uint32_t>(routes_.size());
    if (l.count && routes_.back() == d.route) continue;  // one route by two alternatives
    routes_.push_back(d.route);
    ++l.count;
  }
}

}  // namespace gateproof::rules
