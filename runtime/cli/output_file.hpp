// output_file.hpp — a file that the user asked for.

#pragma once

#include <string>
#include <string_view>

namespace eddy::cli {

/// A file that is opened before there is anything to write, so that a wrong path is known at once.
/// What it held before is lost only when write() is called.
class output_file {
public:
    /// Throws: std::runtime_error naming the path if it cannot be written.
    explicit output_file(std::string path);

    /// Throws: the same.
    void write(std::string_view content) const;

private:
    std::string path_;
};

} // namespace eddy::cli
