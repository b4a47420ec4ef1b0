import pytest
from conftest import Tree

GOOD = """#include <string>
#include "engine/base/text.h"
#include "engine/http/headers.h"
"""


def test_a_good_tree_is_fine(tree: Tree) -> None:
    tree.put("engine/rules/parser.cpp", GOOD)
    tree.put(
        "engine/rules/parser_test.cpp",
        '#include <gtest/gtest.h>\n#include "engine/env/testing/fake.h"\n',
    )
    tree.put("engine/pipeline/build.cpp", '#include "engine/tls/store.h"\n')
    tree.put("engine/http/h1_codec.cpp", "#include <boost/beast/http/basic_parser.hpp>\n")
    tree.put(
        "bindings/cpp/bind.cpp", '#include <pybind11/pybind11.h>\n#include "engine/sim/world.h"\n'
    )
    assert tree.rules("check_layers") == []


@pytest.mark.parametrize(
    ("file", "include", "rule"),
    [
        ("engine/http/url.cpp", '"engine/config/document.h"', "arrow"),
        ("engine/base/text.cpp", '"engine/env/clock.h"', "arrow"),
        ("engine/net/loop.cpp", '"engine/sim/world.h"', "arrow"),
        ("engine/sim/world.cpp", '"engine/net/loop.h"', "arrow"),
        ("engine/kubernetes/store.cpp", '"engine/providers/file.h"', "arrow"),
        ("engine/kubernetes/store.cpp", '"engine/rules/parser.h"', "arrow"),
        ("engine/pipeline/run.cpp", '"engine/net/loop.h"', "arrow"),
        ("engine/pipeline/run.cpp", '"engine/daemon/options.h"', "arrow"),
        ("engine/http/url.cpp", '"engine/env/testing/fake.h"', "arrow"),
        ("engine/cache/lru.cpp", '"engine/base/text.h"', "arrow"),
        ("engine/base/text.cpp", '"bindings/cpp/bind.h"', "arrow"),
        ("engine/http/url.cpp", '"headers.h"', "path"),
        ("engine/http/url.cpp", "<boost/beast/http.hpp>", "fence"),
        ("engine/middleware/retry.cpp", "<boost/asio.hpp>", "fence"),
        ("engine/config/document.h", "<yaml-cpp/yaml.h>", "fence"),
        ("engine/rules/parser.cpp", "<re2/re2.h>", "fence"),
        ("engine/net/tls.cpp", "<openssl/ssl.h>", "fence"),
        ("engine/middleware/headers.cpp", "<zlib.h>", "fence"),
        ("engine/sim/world.cpp", "<pybind11/pybind11.h>", "fence"),
        ("engine/base/text.cpp", "<gtest/gtest.h>", "fence"),
        ("engine/base/text.cpp", "<sys/socket.h>", "fence"),
    ],
)
def test_a_planted_include_is_caught(tree: Tree, file: str, include: str, rule: str) -> None:
    tree.put(file, f"#pragma once\n#include {include}\n")
    assert (file, 2, rule) in tree.rules("check_layers")


def test_a_header_that_carries_beast_stays_inside(tree: Tree) -> None:
    tree.put("engine/http/h1_inner.h", "#include <boost/beast/http.hpp>\n")
    tree.put("engine/http/h1_parser.cpp", '#include "engine/http/h1_inner.h"\n')
    assert tree.rules("check_layers") == []
    tree.put("engine/pipeline/server.cpp", '#include "engine/http/h1_inner.h"\n')
    assert tree.rules("check_layers") == [("engine/pipeline/server.cpp", 1, "fence")]


def test_spdlog_stands_behind_one_header(tree: Tree) -> None:
    tree.put("engine/net/log.h", "#include <spdlog/spdlog.h>\n")
    assert tree.rules("check_layers") == []
    tree.put("engine/daemon/log.h", "#include <spdlog/spdlog.h>\n")
    assert len(tree.rules("check_layers")) == 2
