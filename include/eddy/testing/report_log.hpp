// report_log.hpp — catches the reports of on_unhandled while it lives.
//
// Threads:    all: any thread. Of several that live at a time, the newest one catches.

#pragma once

#include <eddy/core/report.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

/// Keeps what is reported from its beginning to its end; nobody else is told.
class report_log {
public:
    report_log()
        : previous_(on_unhandled([this](const report& each) {
              const std::lock_guard hold(lock_);
              reports_.push_back(each);
          })) {}
    report_log(const report_log&) = delete;
    report_log& operator=(const report_log&) = delete;
    ~report_log() { on_unhandled(std::move(previous_)); }

    [[nodiscard]] std::vector<report> all() const {
        const std::lock_guard hold(lock_);
        return reports_;
    }
    [[nodiscard]] std::size_t size() const { return all().size(); }
    /// The only report; a default one, with an empty message, if there are none or several.
    [[nodiscard]] report only() const {
        const auto reports = all();
        return reports.size() == 1 ? reports.front() : report{};
    }
    [[nodiscard]] std::size_t count(report_kind kind) const {
        const auto reports = all();
        return static_cast<std::size_t>(std::ranges::count(reports, kind, &report::kind));
    }

private:
    mutable std::mutex lock_;
    std::vector<report> reports_;
    unhandled_handler previous_;
};

} // namespace eddy::inline v0
