// optional_part.cpp — a page shows its main part in any case, its optional part if that is in time.
//
// The page does not fail with the optional part: as_result gives an outcome, whatever became of it.
//
// Output:
//     23 km, two traffic jams
//     23 km, traffic jams unknown
//     0.8 s

#include <eddy/eddy.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

eddy::coro<std::string> route() {
    co_await eddy::sleep(300ms);
    co_return "23 km";
}

eddy::coro<std::string> traffic_jams(std::chrono::milliseconds takes) {
    co_await eddy::sleep(takes);
    co_return "two traffic jams";
}

eddy::coro<std::string> page(std::chrono::milliseconds jams_take) {
    auto [distance, jams] = co_await eddy::gather(
        route(), eddy::as_result(eddy::wait_for(traffic_jams(jams_take), 500ms)));
    co_return distance + ", " + (jams ? *jams : "traffic jams unknown");
}

eddy::coro<> amain() {
    const auto start = eddy::now();
    std::puts((co_await page(200ms)).c_str());
    std::puts((co_await page(10s)).c_str());
    std::printf("%.1f s\n", std::chrono::duration<double>(eddy::now() - start).count());
}

int main() {
    eddy::run(amain());
}
