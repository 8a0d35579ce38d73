// output_file.cpp — a file that the user asked for.

#include "output_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace eddy::cli {

namespace {

[[noreturn]] void refuse(const std::string& path) {
    throw std::runtime_error("cannot write " + path + ": " + std::strerror(errno));
}

} // namespace

output_file::output_file(std::string path) : path_(std::move(path)) {
    if (!std::ofstream(path_, std::ios::app)) {
        refuse(path_);
    }
}

void output_file::write(std::string_view content) const {
    std::ofstream file(path_);
    file << content << std::flush;
    if (!file) {
        refuse(path_);
    }
}

} // namespace eddy::cli
