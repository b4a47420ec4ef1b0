// Random writes: what a watch tells adds up to what a list has, from every place at which it may begin.
#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "engine/kubernetes/cluster/cluster_test.h"

namespace gateproof::kubernetes::cluster {
namespace {

using testing::Cluster;
using testing::json;

void random_write(Cluster& c) {
  const std::string name(1, char('a' + *rc::gen::inRange(0, 5)));
  const std::string label = std::to_string(*rc::gen::inRange(0, 2));
  const std::string body = R"({"metadata":{"name":")" + name + R"(","labels":{"l":")" + label +
                           R"("}},"data":{"k":")" + std::to_string(*rc::gen::inRange(0, 3)) +
                           "\"}}";
  const Target at = c.at("configmaps", name);
  switch (*rc::gen::inRange(0, 4)) {
    case 0: (void)c.store.remove(at); break;
    case 1: (void)c.store.patch(at, Patch::merge, json(body), c.by); break;
    case 2: (void)c.store.patch(at, Patch::apply, json(body), c.by); break;
    default: (void)c.store.create(c.at("configmaps"), json(body), c.by);
  }
}

using Seen = std::map<std::string, ObjectPtr>;

Seen of_list(const Cluster& c, const ListOptions& o) {
  Seen out;
  ListOptions now = o;
  now.resource_version.clear();
  const auto listed = c.store.list(c.at("configmaps").type, "v1", "default", now);
  for (const ObjectPtr& i : listed->items) out[i->name] = i;
  return out;
}

TEST(Watch, AddsUpToTheList) {
  EXPECT_TRUE(rc::check("a list and what happened since is the list of now", [] {
    Cluster c;
    ListOptions o;
    if (*rc::gen::inRange(0, 2)) o.label_selector = "l=1";
    std::vector<std::pair<Watch, Seen>> watches;
    for (int n = *rc::gen::inRange(0, 25); n > 0; --n) {
      ListOptions from = o;
      from.resource_version = std::to_string(c.store.resource_version());
      watches.emplace_back(*c.store.watch(c.at("configmaps").type, "v1", "default", from),
                           of_list(c, o));
      random_write(c);
    }
    const Seen now = of_list(c, o);
    for (auto& [watch, seen] : watches) {
      for (bool more = true; more;) {
        std::vector<Event> events;
        more = *c.store.next(watch, events, 2);
        RC_ASSERT(events.size() <= 2u);
        for (const Event& e : events) {
          if (e.type == Event::removed) {
            RC_ASSERT(seen.erase(e.object->name) == 1u);
          } else {
            RC_ASSERT((e.type == Event::added) == !seen.contains(e.object->name));
            seen[e.object->name] = e.object;
          }
        }
      }
      RC_ASSERT(seen == now);
    }
  }));
}

TEST(List, PagesAddUpToTheWhole) {
  EXPECT_TRUE(rc::check("pages of any size are the list", [] {
    Cluster c;
    for (int n = *rc::gen::inRange(0, 20); n > 0; --n) random_write(c);
    ListOptions o;
    const auto whole = c.store.list(c.at("configmaps").type, "v1", "", o);
    o.limit = *rc::gen::inRange(1, 4);
    std::vector<ObjectPtr> pages;
    do {
      const auto page = c.store.list(c.at("configmaps").type, "v1", "", o);
      RC_ASSERT(page.has_value());
      RC_ASSERT(page->items.size() <= size_t(o.limit));
      pages.insert(pages.end(), page->items.begin(), page->items.end());
      o.continue_token = page->continue_token;
    } while (!o.continue_token.empty());
    RC_ASSERT(pages == whole->items);
  }));
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
