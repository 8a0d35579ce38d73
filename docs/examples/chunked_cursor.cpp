// chunked_cursor.cpp — the rows of a query, fetched a chunk at a time, and the next chunk on its
// way while the last one is worked on.
//
// The cursor is an async_generator of spans: no row is copied. It is left early here: the chunk
// that is being fetched then is given up, and the server hears of it.
//
// Output:
//     server: rows 0 to 2
//     client: 0 1 2
//     server: rows 3 to 5
//     client: 3 4 5
//     server: rows 6 to 8
//     client: 6 7 8
//     server: a fetch was given up
//     client: found row 7 after 3.5 s

#include <eddy/eddy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

struct row {
    std::size_t id;
    std::string text;
};

// A database of 100 rows, a second away.
class server {
public:
    static eddy::coro<std::vector<row>> fetch(std::size_t first, std::size_t count) {
        const auto result = co_await eddy::as_result(eddy::sleep(1s));
        if (result.cancelled()) {
            std::puts("server: a fetch was given up");
        }
        result.value(); // throws what the sleep threw
        std::vector<row> rows;
        for (std::size_t id = first; id < std::min(first + count, std::size_t{100}); ++id) {
            rows.push_back({id, "row " + std::to_string(id)});
        }
        if (!rows.empty()) {
            std::printf("server: rows %zu to %zu\n", rows.front().id, rows.back().id);
        }
        co_return rows;
    }
};

// The fetch of the next chunk, for as long as the cursor is open.
class prefetch {
public:
    explicit prefetch(std::size_t chunk) : chunk_(chunk) {}
    eddy::coro<> async_enter() {
        start();
        co_return;
    }
    eddy::coro<> async_exit(std::exception_ptr /*error*/) {
        (void)coming_.cancel();
        (void)co_await eddy::as_result(coming_);
    }

    // The chunk that was on its way; the one after it is from now on.
    eddy::coro<std::vector<row>> take() {
        std::vector<row> rows = co_await std::exchange(coming_, {});
        start();
        co_return rows;
    }

private:
    void start() {
        coming_ = eddy::create_task(server::fetch(std::exchange(next_, next_ + chunk_), chunk_));
    }

    std::size_t chunk_;
    std::size_t next_ = 0;
    eddy::task<std::vector<row>> coming_;
};

eddy::async_generator<std::span<const row>> cursor(std::size_t chunk) {
    return eddy::with(prefetch(chunk),
                      [](prefetch& fetched) -> eddy::async_generator<std::span<const row>> {
                          for (;;) {
                              const std::vector<row> rows = co_await fetched.take();
                              if (rows.empty()) {
                                  break;
                              }
                              co_yield rows;
                          }
                      });
}

eddy::coro<> amain() {
    const auto start = eddy::now();
    // with() and not just the loop: a cancel or an exception in the body must close the cursor too.
    co_await eddy::with(cursor(3), [](auto& chunks) -> eddy::coro<> {
        EDDY_FOR(const auto rows, chunks) {
            co_await eddy::sleep(500ms); // the next chunk is on its way meanwhile
            std::printf("client:");
            for (const row& each : rows) {
                std::printf(" %zu", each.id);
            }
            std::printf("\n");
            if (rows.front().id <= 7 && 7 <= rows.back().id) {
                break;
            }
        }
    });
    const auto took = std::chrono::duration<double>(eddy::now() - start).count();
    std::printf("client: found row 7 after %.1f s\n", took);
}

int main() {
    eddy::run(amain());
}
