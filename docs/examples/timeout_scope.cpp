// timeout_scope.cpp — limits that nest, that can be moved, and that tasks inherit.
//
// Shows:     timeout, timeout_scope::reschedule and expired, current_deadline, with_deadline.
// Output:
//   the answer after 30 ms; it was needed within 50 ms
//   too late after 50 ms
//   as long as data comes the limit moves: 10 parts in 100 ms
//   the inner limit has expired, the outer one has not
//   the report was given up 40 ms after its creation
//   the log was written

#include <eddy/eddy.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

long ms(eddy::clock::duration span) {
    return static_cast<long>(std::chrono::round<std::chrono::milliseconds>(span).count());
}

eddy::coro<> ask(std::chrono::milliseconds takes) {
    const auto start = eddy::now();
    const auto left = eddy::current_deadline() - start; // also where no scope is in sight
    co_await eddy::sleep(takes);
    std::printf("the answer after %ld ms; it was needed within %ld ms\n", ms(eddy::now() - start),
                ms(left));
}

eddy::coro<> within_50_ms(std::chrono::milliseconds takes) {
    const auto start = eddy::now();
    try {
        co_await eddy::timeout(50ms, [&](eddy::timeout_scope&) { return ask(takes); });
    } catch (const eddy::timeout_error&) {
        std::printf("too late after %ld ms\n", ms(eddy::now() - start));
    }
}

// A limit for each part, not for the whole.
eddy::coro<> in_parts() {
    const auto start = eddy::now();
    int parts = 0;
    co_await eddy::timeout(20ms, [&](eddy::timeout_scope& limit) -> eddy::coro<> {
        while (parts != 10) {
            co_await eddy::sleep(10ms);
            ++parts;
            limit.reschedule(eddy::now() + 20ms);
        }
    });
    std::printf("as long as data comes the limit moves: %d parts in %ld ms\n", parts,
                ms(eddy::now() - start));
}

eddy::coro<> nested() {
    co_await eddy::timeout(200ms, [](eddy::timeout_scope& outer) -> eddy::coro<> {
        const auto inner = co_await eddy::as_result(eddy::wait_for(eddy::sleep(1h), 10ms));
        if (inner.holds<eddy::timeout_error>() && !outer.expired()) {
            std::printf("the inner limit has expired, the outer one has not\n");
        }
    });
}

// Tasks that outlive the limit know of it; with_deadline keeps to it.
eddy::coro<> inherited() {
    eddy::task<> report;
    eddy::task<> log;
    co_await eddy::timeout(40ms, [&](eddy::timeout_scope&) -> eddy::coro<> {
        report = eddy::create_task(eddy::with_deadline(eddy::sleep(1h)));
        log = eddy::create_task([]() -> eddy::coro<> { co_await eddy::sleep(100ms); });
        co_return; // in time
    });
    const auto start = eddy::now();
    if ((co_await eddy::as_result(report)).holds<eddy::timeout_error>()) {
        std::printf("the report was given up %ld ms after its creation\n", ms(eddy::now() - start));
    }
    co_await log;
    std::printf("the log was written\n");
}

eddy::coro<> amain() {
    co_await within_50_ms(30ms);
    co_await within_50_ms(1h);
    co_await in_parts();
    co_await nested();
    co_await inherited();
}

int main() {
    eddy::run(amain());
}
