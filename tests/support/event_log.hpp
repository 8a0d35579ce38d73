// event_log.hpp — what happened, in order: words that tasks add from any worker.
//
// Threads:    all: any thread.

#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace eddy::inline v0 {

class event_log {
public:
    void add(std::string_view word) {
        const std::lock_guard hold(lock_);
        text_ += text_.empty() ? "" : " ";
        text_ += word;
    }
    /// The words, separated by blanks.
    [[nodiscard]] std::string text() const {
        const std::lock_guard hold(lock_);
        return text_;
    }

private:
    mutable std::mutex lock_;
    std::string text_;
};

} // namespace eddy::inline v0
