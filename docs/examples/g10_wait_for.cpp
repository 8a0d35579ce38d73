// g10_wait_for.cpp — a call of ten seconds gets one.
//
// Output:
//     Problems with traffic_jams service
//     1.0 s

#include <eddy/eddy.hpp>

#include <cstdio>

using namespace std::chrono_literals;

eddy::coro<> request_traffic_jams() {
    co_await eddy::sleep(10s);
}

eddy::coro<> amain() {
    const auto start = eddy::now();
    try {
        co_await eddy::wait_for(request_traffic_jams(), 1s);
    } catch (const eddy::timeout_error&) {
        std::puts("Problems with traffic_jams service");
    }
    std::printf("%.1f s\n", std::chrono::duration<double>(eddy::now() - start).count());
}

int main() {
    eddy::run(amain());
}
