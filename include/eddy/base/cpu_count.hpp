// cpu_count.hpp — how many workers this process should have.
//
// A container's CPU quota may be set on any ancestor of the process's own control group, so the
// whole path counts and the tightest quota wins.
//
// Threads:    any.

#pragma once

#include <eddy/base/export.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace eddy::inline v0 {

/// Gives EDDY_WORKERS if it is set, else the smaller of the processors in the affinity mask and the
/// control groups' quota. From 1 to workers_max.
///
/// Throws: std::system_error (EINVAL, naming variable and value) if EDDY_WORKERS is not a number
///         from 1 to workers_max.
[[nodiscard]] EDDY_API std::size_t cpu_count();

/// A runtime has no more workers than this.
inline constexpr std::size_t workers_max = 256;

/// Reads a number of workers.
///
/// Throws: as cpu_count.
[[nodiscard]] EDDY_API std::size_t parse_worker_count(const char* text);

/// Gives the smallest CPU quota on the path of this process's control group (version 2 `cpu.max`,
/// version 1 `cpu.cfs_quota_us`), rounded up to whole processors; nothing if there is none. Files
/// are looked for below `root`: `<root>/proc/self/cgroup`, `<root>/sys/fs/cgroup`.
[[nodiscard]] EDDY_API std::optional<std::size_t> cgroup_cpu_quota(const std::string& root = "");

} // namespace eddy::inline v0
