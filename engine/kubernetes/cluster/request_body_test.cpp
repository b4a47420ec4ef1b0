#include "engine/kubernetes/cluster/request_body.h"

#include <gtest/gtest.h>

namespace gateproof::kubernetes::cluster {
namespace {

using namespace std::string_literals;

std::string varint(uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out += static_cast<char>(v | 0x80);
  return out + static_cast<char>(v);
}
std::string text(uint32_t number, std::string_view s) {
  return varint(number << 3 | 2) + varint(s.size()) + std::string(s);
}
std::string number(uint32_t field, uint64_t v) { return varint(field << 3) + varint(v); }
std::string entry(std::string_view key, std::string_view value) {
  return text(1, key) + text(2, value);
}
std::string unknown(std::string_view api_version, std::string_view kind, std::string_view raw) {
  return "k8s\0"s + text(1, text(1, api_version) + text(2, kind)) + text(2, raw);
}
std::string decoded(std::string_view bytes) {
  const Reply<Json> r = decode_body("application/vnd.kubernetes.protobuf", bytes);
  return r ? to_text(*r) : std::to_string(r.error().code);
}

TEST(RequestBody, ProtobufSecretAndConfigMap) {
  const std::string metadata = text(1, "a") + text(3, "ns") + text(11, entry("l", "v"));
  EXPECT_EQ(decoded(unknown("v1", "Secret",
                            text(1, metadata) + text(2, entry("tls.key", "\xff\x00"s)) +
                                text(3, "Opaque") + text(4, entry("s", "t")))),
            R"({"apiVersion":"v1","data":{"tls.key":"/wA="},"kind":"Secret","metadata":{"labels":)"
            R"({"l":"v"},"name":"a","namespace":"ns"},"stringData":{"s":"t"},"type":"Opaque"})");
  EXPECT_EQ(
      decoded(unknown("v1", "ConfigMap",
                      text(1, text(1, "a")) + text(2, entry("k", "")) + text(3, entry("b", "x")))),
      R"({"apiVersion":"v1","binaryData":{"b":"eA=="},"data":{"k":""},"kind":"ConfigMap",)"
      R"("metadata":{"name":"a"}})");
}

TEST(RequestBody, ProtobufKeepsPointersAndDropsWhatJsonLeavesOut) {
  // replicas is a pointer, minReadySeconds none; emptyDir is an empty message behind one, inside an inlined one.
  const std::string volume = text(1, "v") + text(2, text(2, ""));
  const std::string pod = text(1, volume) + text(2, text(1, "c")) + number(11, 0);
  const std::string spec = number(1, 0) + text(3, text(2, pod)) + number(5, 0) + text(4, "");
  EXPECT_EQ(decoded(unknown("apps/v1", "Deployment", text(1, text(1, "d")) + text(2, spec))),
            R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":)"
            R"({"replicas":0,"template":{"spec":{"containers":[{"name":"c"}],"volumes":)"
            R"([{"emptyDir":{},"name":"v"}]}}}})");
}

TEST(RequestBody, ProtobufTimesQuantitiesAndPorts) {
  const std::string renew = number(1, 1'700'000'000) + number(2, 5'000);
  EXPECT_EQ(decoded(unknown("coordination.k8s.io/v1", "Lease",
                            text(1, text(1, "l")) + text(2, text(1, "me") + text(4, renew)))),
            R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},)"
            R"("spec":{"holderIdentity":"me","renewTime":"2023-11-14T22:13:20.000005Z"}})");
  const std::string port = text(1, "p") + number(3, 80) + text(4, number(1, 1) + text(3, "web"));
  EXPECT_EQ(decoded(unknown("v1", "Service", text(2, text(1, port)))),
            R"({"apiVersion":"v1","kind":"Service","spec":{"ports":[{"name":"p","port":80,)"
            R"("targetPort":"web"}]}})");
}

TEST(RequestBody, ProtobufThatIsNone) {
  const std::string good = unknown("v1", "Secret", text(1, text(1, "a")));
  EXPECT_EQ(decoded(""), "400");
  EXPECT_EQ(decoded("k8s"), "400");
  for (size_t n = 5; n + 1 < good.size(); ++n) {
    const std::string cut = decoded(good.substr(0, n));
    // Between two fields it is a whole message.
    const bool whole = cut == R"({"apiVersion":"v1","kind":"Secret"})";
    EXPECT_TRUE(cut == "400" || cut == "415" || whole) << n << " " << cut;
  }
  EXPECT_EQ(decoded(unknown("traefik.io/v1alpha1", "IngressRoute", "")), "415");
  EXPECT_EQ(decoded(unknown("v1", "Secret", text(1, text(1, "\xff\xfe")))), "400");
  EXPECT_EQ(decoded(unknown("v1", "Secret", number(1, 3))), "400");
}

TEST(RequestBody, ProtobufTheLastOfSeveralValuesCounts) {
  const auto ready = [](const std::string& numbers) {
    return decoded(unknown("apps/v1", "Deployment", text(2, numbers)));
  };
  EXPECT_EQ(ready(number(5, 3) + number(5, 4)),
            R"({"apiVersion":"apps/v1","kind":"Deployment","spec":{"minReadySeconds":4}})");
  EXPECT_EQ(ready(number(5, 3) + number(5, 0)), R"({"apiVersion":"apps/v1","kind":"Deployment"})");
}

// Names that come in falling order, the worst one for a sorted list. The last of equal names wins, as in Go.
TEST(RequestBody, ProtobufMapsOfManyEntries) {
  std::string entries;
  constexpr int count = 100'000;
  for (int i = count; i > 0; --i) entries += text(2, entry("k" + std::to_string(i), "v"));
  entries += text(2, entry("k7", "last"));
  const Reply<Json> r = decode_protobuf(unknown("v1", "ConfigMap", entries));
  ASSERT_TRUE(r);
  EXPECT_EQ((*r)["data"].size(), size_t(count));
  EXPECT_EQ((*r)["data"]["k7"].str(), "last");
}

TEST(RequestBody, ProtobufTextsAreUtf8) {
  EXPECT_EQ(decoded(unknown("v1", "ConfigMap", text(2, entry("\xff", "x")))), "400");
  EXPECT_EQ(decoded(unknown("v1", "ConfigMap", text(2, entry("x", "\xff")))), "400");
  EXPECT_EQ(decoded(unknown("apps.\xff/v1", "Deployment", "")), "400");
  const std::string port = text(4, number(1, 1) + text(3, "\xff"));
  EXPECT_EQ(decoded(unknown("v1", "Service", text(2, text(1, port)))), "400");
}

TEST(RequestBody, ContentTypes) {
  const auto read = [](std::string_view type, std::string_view bytes) {
    const Reply<Json> r = decode_body(type, bytes);
    return r ? to_text(*r) : std::to_string(r.error().code);
  };
  EXPECT_EQ(read("application/json; charset=utf-8", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(read("", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(read("application/yaml", "a: 1\nb: 'x'\nc: true\nd: ~\ne: [1.5, no]\nf: \"1\"\n"),
            R"({"a":1,"b":"x","c":true,"d":null,"e":[1.5,"no"],"f":"1"})");
  EXPECT_EQ(read("application/apply-patch+yaml", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(read("application/yaml", "a: [1"), "400");
  EXPECT_EQ(read("application/json", "a: 1"), "400");
  EXPECT_EQ(read("text/html", "{}"), "415");
}

}  // namespace
}  // namespace gateproof::kubernetes::cluster
