import pytest
from conftest import Tree

FILE = "engine/middleware/limit.cpp"


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("auto t = std::chrono::system_clock::now();", "clock"),
        ("auto t = steady_clock::now();", "clock"),
        ("clock_gettime(CLOCK_MONOTONIC, &ts);", "clock"),
        ("auto t = time(nullptr);", "clock"),
        ("auto t = std::time(&out);", "clock"),
        ("int x = rand() % 6;", "random"),
        ("std::random_device seed;", "random"),
        ("std::shuffle(v.begin(), v.end(), g);", "random"),
        ("std::uniform_int_distribution<int> d(0, 9);", "random"),
        ("RAND_bytes(p, 16);", "secret"),
        ("std::thread t([] {});", "thread"),
        ("pthread_create(&t, nullptr, f, nullptr);", "thread"),
        ("std::this_thread::sleep_for(1s);", "thread"),
        ('auto v = std::getenv("HOME");', "environment"),
        ("int fd = socket(AF_INET, SOCK_STREAM, 0);", "socket"),
        ("int fd = ::socket(AF_INET, SOCK_STREAM, 0);", "socket"),
        ("int n = epoll_wait(fd, e, 8, -1);", "socket"),
        ("std::ifstream in(path);", "file"),
        ('FILE* f = fopen("x", "r");', "file"),
        ("int fd = ::open(path, O_RDONLY);", "file"),
        ("for (auto& e : std::filesystem::directory_iterator(p)) use(e);", "file"),
        ("std::cerr << what;", "print"),
        ('printf("%d", x);', "print"),
        ("auto f = [this](int x) -> Task<void> { co_return; };", "lambda"),
        ("Task<Result<int>> dial(Env& env, const std::string& host);", "parameter"),
        ("Task<void> C::run(std::string&& text) {}", "parameter"),
    ],
)
def test_a_planted_call_is_caught(tree: Tree, code: str, rule: str) -> None:
    tree.put(FILE, f"void f() {{\n  {code}\n}}\n")
    assert tree.rules("check_banned") == [(FILE, 2, rule)]


@pytest.mark.parametrize(
    "code",
    [
        "// std::thread is banned here",
        'auto s = "std::getenv(";',
        "auto t = clock.now();",
        "auto t = x.time(0);",
        "stream.connect(to);",
        "auto n = random.rand();",
        "int operand(int);",
        "snprintf(buffer, sizeof buffer, text);",
        "Task<void> sleep_until(Time);",
        "Task<void> handle(Exchange& x, std::string name, const Server& owned);",
    ],
)
def test_what_only_looks_alike_is_fine(tree: Tree, code: str) -> None:
    tree.put(FILE, f"void f() {{\n  {code}\n}}\n")
    assert tree.rules("check_banned") == []


def test_rooms(tree: Tree) -> None:
    tree.put("engine/net/clock.cpp", "auto t = std::chrono::steady_clock::now();\n")
    tree.put("engine/daemon/main.cpp", 'auto v = getenv("X");\n')
    assert tree.rules("check_banned") == []


def test_a_mark_counts_only_in_tests(tree: Tree) -> None:
    marked = "std::thread t(f);  // allowed: two worlds at once\n"
    tree.put("engine/env/scheduler_test.cpp", marked)
    assert tree.rules("check_banned") == []
    tree.put("engine/env/scheduler.cpp", marked)
    assert tree.rules("check_banned") == [("engine/env/scheduler.cpp", 1, "thread")]


def test_a_test_reads_its_fixtures(tree: Tree) -> None:
    tree.put("engine/env/scheduler_test.cpp", "std::ifstream in(path);\nauto t = time(nullptr);\n")
    assert tree.rules("check_banned") == [("engine/env/scheduler_test.cpp", 2, "clock")]


def test_the_allow_list_wants_a_reason_and_use(tree: Tree) -> None:
    tree.put(FILE, "std::cerr << what;\n")
    tree.put("tools/banned_allow.txt", f"# comment\n{FILE} print told before the end\n")
    assert tree.rules("check_banned") == []
    tree.put("tools/banned_allow.txt", f"{FILE} print\n{FILE} file it was so once\n")
    found = tree.rules("check_banned")
    assert found == [("tools/banned_allow.txt", 1, "allow"), ("tools/banned_allow.txt", 2, "allow")]
