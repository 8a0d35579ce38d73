// files.hpp — small files of /proc and /sys, read whole.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eddy::cli {

/// Gives the first line, without its newline; nothing if there is no such file.
[[nodiscard]] std::optional<std::string> first_line(const std::string& path);

/// Gives the number in the first line; nothing if there is no such file, or another word ("max").
[[nodiscard]] std::optional<std::uint64_t> first_number(const std::string& path);

/// Gives what follows `key` and its colon in the first such line of `path` ("model name\t: AMD").
[[nodiscard]] std::optional<std::string> value_of(const std::string& path, const std::string& key);

/// Gives the bytes in such a line, "MemTotal:  123 kB"; 0 if there is none.
[[nodiscard]] std::uint64_t proc_bytes(const std::string& path, const std::string& key);

/// Gives the folders of the control group this process is in and of those above it, for one
/// controller of version 1 ("memory"), or for version 2 ("").
[[nodiscard]] std::vector<std::string> group_folders(const std::string& controller);

} // namespace eddy::cli
