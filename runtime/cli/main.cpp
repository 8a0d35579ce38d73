// main.cpp — the `eddy` program: chooses the command.
#include <eddy/base/version.hpp>

#include <cstdio>

int main() {
    const auto version = eddy::library_version();
    std::printf("eddy %.*s\n", static_cast<int>(version.size()), version.data());
}
