// scope_programs.cpp — prints what happens in small programs of nested scopes, for scopes_test.py.
//
//     scope_programs SEED COUNT        COUNT random programs: a line with the program, one with its
//                                      trace, and so on
//     scope_programs < programs        the traces of the programs given, one a line

#include "support/scope_program.hpp"

#include <cstdio>
#include <iostream>
#include <string>

namespace {

std::string trace_of(const scopes::statement& program) {
    std::string text;
    eddy::run(
        [](const scopes::statement& of, std::string& text) -> eddy::coro<> {
            scopes::trace log;
            co_await scopes::interpreter::run(of, log);
            text = log.text();
        }(program, text),
        {.workers = 1, .virtual_time = true});
    return text;
}

} // namespace

int main(int argc, char** argv) {
    (void)eddy::on_unhandled([](const eddy::report&) {}); // what was shielded may fail unseen
    if (argc == 3) {
        const std::uint64_t seed = std::stoull(argv[1]);
        for (std::uint64_t i = 0; i != std::stoull(argv[2]); ++i) {
            const scopes::statement program =
                scopes::generator(seed + i, scopes::vocabulary::of_asyncio).make();
            std::printf("%s\n%s\n", to_text(program).c_str(), trace_of(program).c_str());
        }
        return 0;
    }
    for (std::string line; std::getline(std::cin, line);) {
        std::printf("%s\n", trace_of(scopes::parser(line).parse()).c_str());
    }
}
