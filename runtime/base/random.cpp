// random.cpp — where the process's seed comes from.

#include <eddy/base/random.hpp>
#include <eddy/base/syscall.hpp>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <system_error>

namespace eddy::inline v0 {

namespace {

std::uint64_t seed_of_this_run() {
    if (const char* text = std::getenv("EDDY_SEED")) {
        return parse_seed(text);
    }
    std::uint64_t seed = 0;
    sys::getrandom(std::as_writable_bytes(std::span(&seed, 1)));
    return seed;
}

} // namespace

std::uint64_t process_seed() {
    static const std::uint64_t seed = seed_of_this_run();
    return seed;
}

std::uint64_t parse_seed(const char* text) {
    const bool is_hex = std::strncmp(text, "0x", 2) == 0;
    const char* digits = is_hex ? text + 2 : text;
    const char* end = text + std::strlen(text);
    std::uint64_t seed = 0;
    const auto [stop, error] = std::from_chars(digits, end, seed, is_hex ? 16 : 10);
    if (error != std::errc() || stop != end) {
        throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                "EDDY_SEED=" + std::string(text) +
                                    " is not a number of at most 64 bits");
    }
    return seed;
}

} // namespace eddy::inline v0
