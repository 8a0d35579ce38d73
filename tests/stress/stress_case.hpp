// stress_case.hpp — what every stress case has: a seed, a scale, a watchdog, and a look for leaks
// at its end.
//
//     EDDY_SEED=0x…        repeats the choices of a run; every case prints its own
//     EDDY_STRESS_SCALE=N  does N times the work

#pragma once

#include <eddy/base/random.hpp>
#include <eddy/core/frame_cache.hpp>
#include <eddy/core/report.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define EDDY_STRESS_SLOW 1
#endif
#endif

namespace stress {

/// How much slower the build is than a release build: fewer rounds, longer patience.
#ifdef EDDY_STRESS_SLOW
inline constexpr std::size_t slowness = 8;
#else
inline constexpr std::size_t slowness = 1;
#endif

/// `count` for a release build and a scale of 1; never less than 1.
inline std::size_t scaled(std::size_t count) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets it
    const char* const text = std::getenv("EDDY_STRESS_SCALE");
    const double scale = text == nullptr ? 1.0 : std::strtod(text, nullptr);
    const double wanted = static_cast<double>(count) * scale / static_cast<double>(slowness);
    return std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
}

inline std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

/// Aborts the process when it is not fed for too long: a hang becomes a core and a seed.
class watchdog {
public:
    watchdog(std::string what, std::chrono::seconds patience)
        : what_(std::move(what)), patience_(patience), thread_([this] { watch(); }) {}
    ~watchdog() {
        {
            const std::lock_guard hold(lock_);
            over_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

private:
    void watch() {
        std::unique_lock hold(lock_);
        if (!changed_.wait_for(hold, patience_, [this] { return over_; })) {
            std::fprintf(stderr, "hangs: %s, EDDY_SEED=0x%llx\n", what_.c_str(),
                         static_cast<unsigned long long>(eddy::process_seed()));
            std::abort();
        }
    }

    std::string what_;
    std::chrono::seconds patience_;
    std::mutex lock_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread thread_;
};

/// Counts the reports of the process while it lives.
class report_counter {
public:
    report_counter() {
        previous_ = eddy::on_unhandled([this](const eddy::report& what) {
            const std::lock_guard hold(lock_);
            ++counts_[what.kind];
            last_ = what.message;
            if (listener_) {
                listener_(what);
            }
        });
    }
    ~report_counter() { (void)eddy::on_unhandled(std::move(previous_)); }
    report_counter(const report_counter&) = delete;
    report_counter& operator=(const report_counter&) = delete;

    std::size_t count(eddy::report_kind kind) {
        const std::lock_guard hold(lock_);
        return counts_[kind];
    }
    std::string last() {
        const std::lock_guard hold(lock_);
        return last_;
    }
    /// Called with each report, one at a time.
    void listen(std::function<void(const eddy::report&)> listener) {
        const std::lock_guard hold(lock_);
        listener_ = std::move(listener);
    }

private:
    std::mutex lock_;
    std::map<eddy::report_kind, std::size_t> counts_;
    std::string last_;
    std::function<void(const eddy::report&)> listener_;
    eddy::unhandled_handler previous_;
};

/// The fixture: no frame, control block or descriptor may be left when a case ends.
class stress_case : public testing::Test {
protected:
    // A case takes a second or two; this is for machines that others keep busy.
    static constexpr std::chrono::seconds patience{120};

    void SetUp() override {
        std::printf("EDDY_SEED=0x%llx\n", static_cast<unsigned long long>(eddy::process_seed()));
        std::fflush(stdout);
        frames_before_ = eddy::frame_cache::live_hint();
        descriptors_before_ = open_descriptors();
        const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
        dog_.emplace(std::string(info->test_suite_name()) + "." + info->name(), patience);
    }

    void TearDown() override {
        dog_.reset();
        EXPECT_EQ(eddy::frame_cache::live_hint(), frames_before_)
            << "frames or control blocks leak";
        EXPECT_EQ(open_descriptors(), descriptors_before_) << "descriptors leak";
        EXPECT_EQ(reports.count(eddy::report_kind::never_awaited), 0U) << reports.last();
        if (callbacks == callback_rule::must_not_throw) {
            EXPECT_EQ(reports.count(eddy::report_kind::callback_failed), 0U) << reports.last();
        }
        EXPECT_EQ(reports.count(eddy::report_kind::refuses_to_end), 0U) << reports.last();
    }

    enum class callback_rule : bool { must_not_throw, may_throw };
    callback_rule callbacks = callback_rule::must_not_throw;
    report_counter reports;

private:
    std::int64_t frames_before_ = 0;
    std::size_t descriptors_before_ = 0;
    std::optional<watchdog> dog_;
};

} // namespace stress
