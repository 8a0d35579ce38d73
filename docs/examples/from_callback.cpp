// from_callback.cpp — a C library that calls back from a thread of its own, awaited.
//
// Output:
//     looking up
//     found: 192.0.2.1
//     not found: no.such.host
//     given up: slow.host

#include <eddy/eddy.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;

// -- the library: as getaddrinfo_a --

using lookup_callback = void (*)(const char* address, void* user_data); // null: not found

class resolver {
public:
    using id = unsigned;

    ~resolver() {
        for (std::thread& each : threads_) {
            each.join();
        }
    }
    id start(const std::string& host, lookup_callback call, void* user_data) {
        const id mine = next_++;
        threads_.emplace_back([this, host, call, user_data, mine] {
            std::unique_lock hold(lock_);
            if (host == "slow.host") { // never answers, until it is cancelled
                cancelled_.wait(hold, [&] { return cancelled_id_ == mine; });
            }
            hold.unlock();
            call(host == "www.example" ? "192.0.2.1" : nullptr, user_data);
        });
        return mine;
    }
    // The lookup calls back soon, without a result.
    void cancel(id which) {
        const std::lock_guard hold(lock_);
        cancelled_id_ = which;
        cancelled_.notify_all();
    }

private:
    std::mutex lock_;
    std::condition_variable cancelled_;
    std::optional<id> cancelled_id_;
    id next_ = 0;
    std::list<std::thread> threads_;
};

// -- the same, awaited --

void found(const char* address, void* user_data) {
    const auto done = eddy::completion<std::string>::adopt(user_data);
    if (address != nullptr) {
        done(address);
    } else {
        done.fail(std::make_exception_ptr(std::runtime_error("not found")));
    }
}

eddy::coro<std::string> lookup(resolver& with, std::string host) {
    co_return co_await eddy::from_callback<std::string>(
        [&](eddy::completion<std::string> done) {
            return with.start(host, found, std::move(done).release());
        },
        [&](resolver::id started) { with.cancel(started); });
}

eddy::coro<> amain() {
    resolver mine;
    std::puts("looking up");
    std::printf("found: %s\n", (co_await lookup(mine, "www.example")).c_str());
    try {
        (void)co_await lookup(mine, "no.such.host");
    } catch (const std::runtime_error& error) {
        std::printf("%s: no.such.host\n", error.what());
    }
    try {
        (void)co_await eddy::wait_for(lookup(mine, "slow.host"), 100ms);
    } catch (const eddy::timeout_error&) {
        std::puts("given up: slow.host");
    }
}

int main() {
    eddy::run(amain());
}
