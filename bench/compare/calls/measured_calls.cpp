// measured_calls.cpp — what many calls at once cost in a place: memory while they wait, and time.

#include "measured_calls.hpp"

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

namespace eddy::compare::calls {

namespace {

using namespace std::chrono_literals;

std::size_t threads_of_this_process() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

// Lets the calls go once all that can be under way are.
class releasing_thread {
public:
    releasing_thread(const pipe& release, std::uint64_t calls)
        : thread_([this, &release, calls] {
              wait_until_all_are_under_way();
              seen_ = memory::now(descendants());
              for (std::uint64_t i = 0; i < calls; ++i) {
                  release.write('r');
              }
          }) {}

    [[nodiscard]] memory seen() {
        thread_.join();
        return seen_;
    }

private:
    // Nobody tells: what is in a queue does not run. So it is over when no more come.
    static void wait_until_all_are_under_way() {
        constexpr int looks = 4;
        std::size_t last = 0;
        for (int same = 0; same < looks;) {
            std::this_thread::sleep_for(5ms);
            const std::size_t now = threads_of_this_process() + descendants().size();
            same = now == last ? same + 1 : 0;
            last = now;
        }
    }

    memory seen_;
    std::jthread thread_; // last: it uses the other
};

} // namespace

void measured_calls::add_waiting(std::uint64_t count, const maker& make_all) {
    releasing_thread releasing(release_, count);
    (void)made(kind::release, count, make_all);
    add_memory(found_, before_, releasing.seen(), count);
}

probed measured_calls::made(kind which, std::uint64_t count, const maker& make_all) const {
    return make_all(count, {.kind = which, .release = release_.place()});
}

} // namespace eddy::compare::calls
