#!/usr/bin/env python3
"""Checks the rules of docs/STYLE.md that no other tool knows.

usage: tidy.py [root]      prints "path:line: rule: what is wrong", exits 1 if there was anything

A line that has to break a rule says so:  // tidy-allow(rule): why
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

LAYERS = {
    "base": set(),
    "lockfree": {"base"},
    "core": {"base", "lockfree"},
    "io": {"base", "core"},
    "sched": {"base", "lockfree", "core", "io"},
    "sync": {"base", "lockfree", "core"},
    "exec": {"base", "lockfree", "core", "io", "sched"},
    "net": {"base", "core", "io", "sched", "exec"},
    "os": {"base", "core", "io", "sched", "exec"},
    "testing": {"base", "lockfree", "core", "io", "sched", "sync", "exec", "eddy"},  # eddy: the umbrella
}
FOLDERS = ("include", "runtime", "tests", "bench", "docs")
LABELS = {"Threads", "Progress", "Memory", "Suspends", "Cancel", "Invariants", "Pairs", "Design"}
LABELS_OF = {
    "library": LABELS,
    "tests": LABELS | {"Covers", "Not here", "Expect", "Arguments"},
    "bench": LABELS | {"Question", "Unit", "Valid if", "Size", "Measured"},
    "docs": LABELS | {"Shows", "Usage", "Output", "Forced", "Racing"},
}
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

ORDER = r"(?:std::memory_order_|std::memory_order::|eddy::)?\b(relaxed|acquire|release|acq_rel|seq_cst)\b"
ORDER_ARGUMENT = re.compile(rf"(?:[(,?:]|^)\s*{ORDER}\s*(?=[,)?:]|$)")
ATOMIC_CALL = re.compile(
    r"(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_(?:weak|strong)|test_and_set)\s*\(")
PAIR = re.compile(r"\bP\d+\b")
PAIR_DEFINITION = re.compile(r"^//\s+(?:Pairs:\s+)?(P\d+)\s+(.*)")
RELAXED_REASON = re.compile(r"\b(own|init|locked|count|hint):")
SYSTEM_CALLS = (
    "accept4 bind clock_gettime close connect dup dup2 dup3 epoll_create1 epoll_ctl epoll_pwait "
    "epoll_pwait2 epoll_wait eventfd eventfd_read eventfd_write execve fcntl fork futex getrandom "
    "getsockopt ioctl kill listen madvise mmap mprotect munmap nanosleep open openat pidfd_open pipe "
    "pipe2 poll ppoll pthread_kill pthread_sigmask read readv recv recvfrom recvmsg sched_getaffinity "
    "sched_setaffinity send sendmsg sendto setsockopt shutdown sigaction signalfd socket socketpair "
    "splice syscall timerfd_create usleep waitid waitpid write writev").split()
# Names that are nothing but system calls are found without the leading :: as well.
UNMISTAKABLE = [name for name in SYSTEM_CALLS if name.endswith(("1", "2", "4")) or "_" in name]
SYSTEM_CALL = re.compile(
    rf"(?<![\w>])::({'|'.join(SYSTEM_CALLS)})\s*\(|(?<![\w:.>])({'|'.join(UNMISTAKABLE)}|eventfd)\s*\(")


@dataclass
class Source:
    """One file: its lines as they are, and the same lines with comments and strings blanked out."""

    path: str  # below the root, with /
    lines: list
    code: list = field(default_factory=list)
    comments: list = field(default_factory=list)

    def __post_init__(self):
        self.code, self.comments = blank(self.lines)

    @property
    def name(self):
        return self.path.rsplit("/", 1)[-1]

    @property
    def stem(self):
        return self.name.rsplit(".", 1)[0]

    @property
    def kind(self):
        return {"include": "library", "runtime": "library"}.get(self.path.split("/")[0],
                                                               self.path.split("/")[0])

    @property
    def layer(self):
        """The layer of a file of the library; None for the program, tests, benches and eddy.hpp."""
        match = re.match(r"(?:include/eddy|runtime)/(\w+)/", self.path)
        return match[1] if match and match[1] in LAYERS else None

    def opening(self):
        """The lines of the opening comment."""
        for number, line in enumerate(self.lines):
            if not line.startswith("//"):
                return self.lines[:number]
        return self.lines


def blank(lines):
    """Splits each line into code (strings emptied) and comment."""
    code, comments = [], []
    in_block = False
    token = re.compile(r'R"\(.*?\)"|"(?:\\.|[^"\\])*"|(?<![\w])\'(?:\\.|[^\'\\])+\'|//.*|/\*.*?\*/|/\*.*')
    for line in lines:
        comment = ""
        if in_block:
            end = line.find("*/")
            in_block = end < 0
            comment, line = (line, "") if in_block else (line[:end], line[end + 2:])

        def empty(match):
            nonlocal comment, in_block
            text = match[0]
            if text.startswith("/"):
                comment += text
                in_block = text.startswith("/*") and not text.endswith("*/")
                return ""
            return text[0] + text[-1] if text[0] != "R" else '""'

        code.append(token.sub(empty, line).rstrip())
        comments.append(comment)
    return code, comments


# -- rules: each is a generator of (line number from 1, text) over one file --


def opening_comment(source, _):
    opening = source.opening()
    if not opening or not re.match(rf"// {re.escape(source.name)} — \S", opening[0]):
        yield 1, f'the first line must be "// {source.name} — purpose"'
    for number, line in enumerate(opening[1:], 2):
        label = re.match(r"// ([A-Z][a-z]+|Not here|Valid if):(?:\s|$)", line)
        if label and label[1] not in LABELS_OF[source.kind]:
            yield number, f"label {label[1]} is none of {', '.join(sorted(LABELS_OF[source.kind]))}"
    if opening and source.lines[len(opening):len(opening) + 1] not in ([], [""]):
        yield len(opening), "a blank line comes after the opening comment"
    if source.name.endswith(".hpp") and "#pragma once" not in source.lines:
        yield 1, "a header needs #pragma once"


def statement_around(source, index):
    """Gives the first and last line of the statement that has line `index`."""
    def ends(i):
        return not source.code[i].strip() or source.code[i].rstrip()[-1] in ";{}"

    first = index
    while first > 0 and not ends(first - 1) and not source.code[first - 1].strip().endswith(":"):
        first -= 1
    last = index
    while last + 1 < len(source.code) and not ends(last):
        last += 1
    return first, last


def tag_of(source, index):
    """The comments that belong to a line: those of its statement and the comment lines just above."""
    first, last = statement_around(source, index)
    texts = source.comments[first:last + 1]
    above = first - 1
    while above >= 0 and not source.code[above].strip() and source.comments[above]:
        texts.insert(0, source.comments[above])
        above -= 1
    return " ".join(texts)


def order_lines(source):
    """Gives (index, orders) of every line that passes a memory order."""
    for index, line in enumerate(source.code):
        orders = ORDER_ARGUMENT.findall(line)
        if orders and not line.lstrip().startswith("inline constexpr std::memory_order"):
            yield index, set(orders)


def order_has_tag(source, _):
    if not source.layer:
        return
    for index, orders in order_lines(source):
        tag = tag_of(source, index)
        if PAIR.search(tag):
            continue
        if orders != {"relaxed"}:
            yield index + 1, "an order stronger than relaxed needs the Pn of its pair"
        elif not RELAXED_REASON.search(tag):
            yield index + 1, "relaxed needs a Pn or a reason (own: init: locked: count: hint:)"


def order_is_written(source, _):
    if not source.layer or source.path == "include/eddy/base/atomic.hpp":
        return
    text = "\n".join(source.code)
    for call in ATOMIC_CALL.finditer(text):
        arguments = text[call.end():matching(text, call.end() - 1)]
        if not re.search(r"\b(relaxed|acquire|release|acq_rel|seq_cst|order)\b", arguments):
            yield text.count("\n", 0, call.start()) + 1, f"{call[1]}() without a memory order"


def matching(text, start):
    """The position of the bracket that closes the one at `start`; the end of the text if none does."""
    depth = 0
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text)


def concept_of(source, sources):
    """The name of the header a file of a layer belongs to: x for x.hpp, x.cpp, and x_y.cpp without y."""
    headers = {s.stem for s in sources if s.layer == source.layer and s.name.endswith(".hpp")}
    name = source.stem
    while name not in headers and "_" in name:
        name = name.rsplit("_", 1)[0]
    return name if name in headers else source.stem


def family(source, sources):
    """The files of one concept: their pairs are defined in the header."""
    name = concept_of(source, sources)
    return [s for s in sources if s.layer == source.layer and concept_of(s, sources) == name]


def pair_definitions(source):
    """Gives {Pn: (line, text)} of the opening comment; continuation lines belong to the text."""
    found, current = {}, None
    for number, line in enumerate(source.opening(), 1):
        match = PAIR_DEFINITION.match(line)
        if match:
            current = match[1]
            found[current] = (number, match[2])
        elif current and re.match(r"// {8,}\S", line):
            found[current] = (found[current][0], found[current][1] + " " + line)
        else:
            current = None
    return found


def pairs_have_two_ends(source, sources):
    if not source.layer:
        return
    relatives = family(source, sources)
    defined = {name for relative in relatives for name in pair_definitions(relative)}
    used = Counter()
    for relative in relatives:
        for index, _ in order_lines(relative):
            tag = tag_of(relative, index)
            names = set(PAIR.findall(tag))
            used.update({name: 2 if "both ends" in tag else 1 for name in names})
            if relative is source:
                for name in sorted(names - defined):
                    yield index + 1, f"{name} is not defined in the opening comment"
    for name, (number, text) in pair_definitions(source).items():
        elsewhere = "both ends" in text or re.search(r"\w+\.[ch]pp", text)
        if used[name] < (1 if elsewhere else 2):
            yield number, f"{name} has {used[name]} ends in the code; the other end is missing"


def no_fences(source, _):
    for index, line in enumerate(source.code):
        if re.search(r"\batomic_(thread|signal)_fence\b|__sync_synchronize", line):
            yield index + 1, "a standalone fence: TSan does not see it; use a seq_cst operation"


def includes_point_down(source, _):
    if not source.layer:
        return
    for index, line in enumerate(source.lines):
        include = re.match(r'#include (?:<eddy/(\w+)(/?)|"([^"]+)")', line)
        if not include:
            continue
        layer = include[1] or include[3].split("/")[0]
        if include[3] and "/" not in include[3]:
            layer = source.layer
        if layer != source.layer and layer not in LAYERS[source.layer]:
            yield index + 1, f"layer {source.layer} must not include {layer}"


def no_third_party(source, _):
    if not source.layer:
        return
    for index, line in enumerate(source.lines):
        include = re.match(r"#include <([^>]+)>", line)
        if include and not re.match(r"eddy/|[a-z0-9_]+$|(sys|linux|net|netinet|arpa)/|"
                                    r"(?!omp|mimalloc|valgrind|benchmark)[a-z0-9_]+\.h$|sanitizer/",
                                    include[1]):
            yield index + 1, f"<{include[1]}>: the library's layers use no other library"


def one_resume(source, _):
    if source.kind != "library" or source.path == "runtime/sched/worker.cpp":
        return
    for index, line in enumerate(source.code):
        if re.search(r"(\.|->)\s*resume\s*\(\s*\)", line):
            yield index + 1, ".resume() belongs to runtime/sched/worker.cpp alone"


def through_base(source, _):
    if not source.layer:
        return
    own = {
        "std::atomic": ("base/atomic",), "system calls": ("base/syscall", "base/no_sigpipe", "base/syscall_process", "base/syscall_socket",
                                                       "base/thread_stack"),
        "time": ("base/clock",), "randomness": ("base/random",),
    }
    patterns = {
        "std::atomic": re.compile(r"\bstd::(atomic\w*|memory_order\w*)|#include <atomic>"),
        "system calls": SYSTEM_CALL,
        "time": re.compile(r"\b(steady|system|high_resolution)_clock\b"),
        "randomness": re.compile(r"\bstd::(random_device|mt19937\w*|\w+_distribution)\b|\brand\(\)"),
    }
    for what, pattern in patterns.items():
        if f"{source.layer}/{source.stem}" in own[what]:
            continue
        for index, line in enumerate(source.code):
            if pattern.search(line):
                yield index + 1, f"{what} come through <eddy/{own[what][0]}.hpp>"


def no_loose_ends(source, _):
    for index, comment in enumerate(source.comments):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b(?!.*#\d+)", comment):
            yield index + 1, "TODO without an issue number"


def links_exist(source, sources):
    known = {s.path for s in sources}
    for index, comment in enumerate(source.comments):
        for link in re.findall(r"\bdocs/(?:design|perf|examples)/[\w./]+\.(?:md|cpp)", comment):
            if link not in known and not (source.root / link).exists():
                yield index + 1, f"{link} does not exist"


def small(source, _):
    if len(source.lines) > FILE_LINES_MAX:
        yield FILE_LINES_MAX, f"{len(source.lines)} lines; a file has at most {FILE_LINES_MAX}"
    for first, last in functions(source):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield first, f"{last - first + 1} lines; a function has at most {FUNCTION_LINES_MAX}"
    for index, line in enumerate(source.lines):
        if len(line) > COLUMNS_MAX:
            yield index + 1, f"{len(line)} columns; a line has at most {COLUMNS_MAX}"


def functions(source):
    """Gives (first line, last line) of what looks like a function body, named or not. Approximate."""
    not_a_function = re.compile(
        r"^\W*(?:\w+\s+)*?(if|for|while|switch|catch|do|else|try|namespace|class|struct|union|enum|extern)\b")
    open_braces, head, number = [], "", 0
    for number, line in enumerate(source.code, 1):
        if line.lstrip().startswith("#"):
            continue
        for character in line:
            if character == "{":
                plain = re.sub(r"template\s*<[^{;]*?>\s*(?=\w)|<[^<>]*>", " ", head).strip()
                is_function = ")" in plain and not not_a_function.match(plain)
                open_braces.append((number - head.count("\n"), is_function))
                head = ""
            elif character == "}" and open_braces:
                first, is_function = open_braces.pop()
                if is_function:
                    yield first, number
                head = ""
            elif character == ";":
                head = ""
            else:
                head += character
        head = head + "\n" if head.strip() else ""


def names(source, _):
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[ch]pp", source.name):
        yield 1, "a file is called snake_case.hpp or snake_case.cpp"
    for index, line in enumerate(source.code):
        macro = re.match(r"\s*#\s*define\s+(\w+)", line)
        if macro and source.kind == "library" and not re.match(r"EDDY_|CO_(TEST|EXPLORE|ASSERT|FAIL|SKIP)", macro[1]):
            yield index + 1, f"macro {macro[1]} is not called EDDY_…"
        if source.path.startswith("include/") and re.search(r"[(,]\s*(const )?bool [a-z]\w*\s*[,)=]", line):
            yield index + 1, "a bool parameter; use an enum class"


def mirrored(source, sources):
    """runtime/L/x.cpp and tests/L/x_test.cpp belong to a header x.hpp, or to one that begins like x."""
    place = re.match(r"(?:runtime|tests)/(\w+)/(\w+?)(_test)?\.cpp$", source.path)
    if not place or place[1] not in LAYERS or (source.path.startswith("tests/")) != bool(place[3]):
        return
    headers = {s.stem for s in sources if s.layer == place[1] and s.name.endswith(".hpp")}
    if not any(place[2] == stem or place[2].startswith(stem + "_") for stem in headers):
        yield 1, f"there is no header {place[2]}.hpp in layer {place[1]}"


RULES = {
    "opening": opening_comment,
    "order-tag": order_has_tag,
    "order": order_is_written,
    "pairs": pairs_have_two_ends,
    "fence": no_fences,
    "layers": includes_point_down,
    "third-party": no_third_party,
    "resume": one_resume,
    "base": through_base,
    "todo": no_loose_ends,
    "links": links_exist,
    "size": small,
    "names": names,
    "mirror": mirrored,
}


def load(root):
    sources = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            source = Source(path.relative_to(root).as_posix(), path.read_text().splitlines())
            source.root = root
            sources.append(source)
    return sources


def check(root):
    """Gives "path:line: rule: text" for everything that is wrong below `root`."""
    sources = load(root)
    for source in sources:
        for name, rule in RULES.items():
            for number, text in rule(source, sources):
                if f"tidy-allow({name}):" not in source.comments[number - 1]:
                    yield f"{source.path}:{number}: {name}: {text}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])
    problems = list(check(root.resolve()))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
