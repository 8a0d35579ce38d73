// cpu_count_test.cpp — how many workers a machine, a container and a user ask for.
//
// Covers:    quotas of both control group versions on any ancestor, rounding, odd files,
//            EDDY_WORKERS.

#include <eddy/base/cpu_count.hpp>
#include <eddy/base/fault_plan.hpp>
#include <eddy/base/syscall.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace {

/// A directory that stands for the root of a machine.
class fake_root {
public:
    fake_root() {
        std::string name = (std::filesystem::temp_directory_path() / "eddy-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~fake_root() { std::filesystem::remove_all(path_); }
    fake_root(const fake_root&) = delete;
    fake_root& operator=(const fake_root&) = delete;

    void write(const std::string& file, const std::string& text) const {
        const std::filesystem::path full = path_ + file;
        std::filesystem::create_directories(full.parent_path());
        std::ofstream(full) << text << '\n';
    }

    [[nodiscard]] std::optional<std::size_t> quota() const { return eddy::cgroup_cpu_quota(path_); }

private:
    std::string path_;
};

TEST(cpu_count, without_control_groups_there_is_no_quota) {
    const fake_root machine;
    EXPECT_EQ(machine.quota(), std::nullopt);
}

TEST(cpu_count, the_quota_of_the_own_group_counts) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "0::/app");
    machine.write("/sys/fs/cgroup/app/cpu.max", "200000 100000");
    EXPECT_EQ(machine.quota(), 2U);
}

TEST(cpu_count, the_tightest_ancestor_wins) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "0::/pod/app/worker");
    machine.write("/sys/fs/cgroup/pod/app/worker/cpu.max", "max 100000");
    machine.write("/sys/fs/cgroup/pod/app/cpu.max", "800000 100000");
    machine.write("/sys/fs/cgroup/pod/cpu.max", "300000 100000");
    EXPECT_EQ(machine.quota(), 3U);
}

TEST(cpu_count, inside_a_container_the_mount_point_is_the_group) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "0::/");
    machine.write("/sys/fs/cgroup/cpu.max", "400000 100000");
    EXPECT_EQ(machine.quota(), 4U);
}

TEST(cpu_count, a_group_outside_the_namespace_falls_back_to_the_mount_point) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "0::/../../elsewhere");
    machine.write("/sys/fs/cgroup/cpu.max", "100000 100000");
    EXPECT_EQ(machine.quota(), 1U);
}

TEST(cpu_count, a_part_of_a_processor_counts_as_one) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "0::/app");
    machine.write("/sys/fs/cgroup/app/cpu.max", "250001 100000");
    EXPECT_EQ(machine.quota(), 3U);
    machine.write("/sys/fs/cgroup/app/cpu.max", "1000 100000");
    EXPECT_EQ(machine.quota(), 1U);
}

TEST(cpu_count, version_1_quotas_count_with_their_ancestors) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/app\n1:cpuset:/x");
    machine.write("/sys/fs/cgroup/cpu,cpuacct/docker/app/cpu.cfs_quota_us", "-1");
    machine.write("/sys/fs/cgroup/cpu,cpuacct/docker/app/cpu.cfs_period_us", "100000");
    machine.write("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "150000");
    machine.write("/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000");
    EXPECT_EQ(machine.quota(), 2U);
}

TEST(cpu_count, a_hybrid_machine_uses_the_tighter_version) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "1:cpu:/app\n0::/app");
    machine.write("/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "500000");
    machine.write("/sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "100000");
    machine.write("/sys/fs/cgroup/unified/app/cpu.max", "200000 100000");
    EXPECT_EQ(machine.quota(), 2U);
}

TEST(cpu_count, files_that_make_no_sense_set_no_limit) {
    const fake_root machine;
    machine.write("/proc/self/cgroup", "nonsense\n0::/app\n:");
    for (const char* text :
         {"", "abc def", "100000", "100000 0", "-5 100000", "0 100000", "99999999999999999999 1"}) {
        machine.write("/sys/fs/cgroup/app/cpu.max", text);
        EXPECT_EQ(machine.quota(), std::nullopt) << text;
    }
}

TEST(cpu_count, is_at_least_one_and_at_most_the_affinity_mask) {
    ::unsetenv("EDDY_WORKERS");
    EXPECT_GE(eddy::cpu_count(), 1U);
    EXPECT_LE(eddy::cpu_count(), eddy::sys::sched_getaffinity_count());
}

TEST(cpu_count, the_environment_has_the_last_word) {
    ::setenv("EDDY_WORKERS", "7", 1);
    EXPECT_EQ(eddy::cpu_count(), 7U);
    ::unsetenv("EDDY_WORKERS");
}

TEST(cpu_count, a_bad_number_of_workers_is_refused_by_name_and_value) {
    for (const char* text : {"", "0", "-1", "four", "4x", " 4", "257", "99999999999999999999"}) {
        try {
            static_cast<void>(eddy::parse_worker_count(text));
            ADD_FAILURE() << "accepted '" << text << "'";
        } catch (const std::system_error& error) {
            EXPECT_EQ(error.code(), std::errc::invalid_argument);
            EXPECT_NE(std::string(error.what()).find("EDDY_WORKERS=" + std::string(text)),
                      std::string::npos);
        }
    }
}

TEST(cpu_count, a_mask_longer_than_expected_is_asked_for_again) {
    const std::size_t real = eddy::sys::sched_getaffinity_count();
    eddy::sys::fault_plan plan;
    plan.fail(eddy::sys::call::sched_getaffinity, 1, EINVAL);
    EXPECT_EQ(eddy::sys::sched_getaffinity_count(), real);
    EXPECT_EQ(plan.calls(eddy::sys::call::sched_getaffinity), 2U);
}

} // namespace
