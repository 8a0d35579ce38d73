// cancel_points_stress.cpp — a cancel at the k-th suspension of a program, for every k.
//
// Covers:    the programs of docs/examples and of programs.hpp, in virtual time, on one worker and
//            on four: once the main task is cancelled there, once the task that is about to
//            suspend.
// Expect:    the run ends, normally or with an error that the program or the cancel can cause;
//            every body that began has ended; no frame, task or report is left.

#include "stress/programs.hpp"
#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

// What the examples include is there already, outside of the namespaces.
// NOLINTBEGIN(bugprone-suspicious-include): the examples are the test
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wreturn-type" // only a real main may end without a return
#define main example_main
namespace g01 {
#include "../../docs/examples/g01_hello.cpp"
}
namespace g02 {
#include "../../docs/examples/g02_coroutine_object.cpp"
}
namespace g03 {
#include "../../docs/examples/g03_create_task.cpp"
}
namespace g04 {
#include "../../docs/examples/g04_current_task.cpp"
}
namespace g05 {
#include "../../docs/examples/g05_all_tasks.cpp"
}
namespace g08 {
#include "../../docs/examples/g08_periodic_workers.cpp"
}
namespace g09 {
#include "../../docs/examples/g09_gather_and_wait.cpp"
}
namespace g10 {
#include "../../docs/examples/g10_wait_for.cpp"
}
namespace g11 {
#include "../../docs/examples/g11_cancel.cpp"
}
namespace g12 {
#include "../../docs/examples/g12_first_exception.cpp"
}
namespace g17 {
#include "../../docs/examples/g17_two_workers.cpp"
}
namespace g20 {
#include "../../docs/examples/g20_awaitables.cpp"
}
#undef main
#pragma clang diagnostic pop
// NOLINTEND(bugprone-suspicious-include)

namespace {

struct subject {
    const char* name;
    std::function<eddy::coro<>()> program;
};

std::vector<subject> subjects() {
    return {
        {"g01", g01::amain},
        {"g02", g02::amain},
        {"g03", g03::amain},
        {"g04", g04::amain},
        {"g05", g05::amain},
        {"g08", [] { return eddy::wait_for(g08::amain(), std::chrono::milliseconds(2500)); }},
        {"g09_gather", g09::gather_main},
        {"g09_wait", g09::all_main},
        {"g09_first", g09::first_main},
        {"g10", g10::amain},
        {"g11", g11::amain},
        {"g12", g12::amain},
        {"g17", g17::amain},
        {"g20", g20::amain},
        {"tasks", programs::tasks},
        {"waits", programs::waits},
        {"forks", programs::forks},
        {"loops", programs::loops},
    };
}

/// Sends what the examples print to nowhere while it lives.
class silence {
public:
    silence() {
        (void)std::fflush(stdout);
        kept_ = ::dup(STDOUT_FILENO);
        const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)::dup2(nowhere, STDOUT_FILENO);
        (void)::close(nowhere);
    }
    ~silence() {
        (void)std::fflush(stdout);
        (void)::dup2(kept_, STDOUT_FILENO);
        (void)::close(kept_);
    }
    silence(const silence&) = delete;
    silence& operator=(const silence&) = delete;

private:
    int kept_;
};

enum class target : unsigned char { main_task, suspending_task };
using point = std::tuple<subject, unsigned, target>;

std::string name_of(const testing::TestParamInfo<point>& info) {
    const auto& [of, workers, whom] = info.param;
    return std::string(of.name) + "_on_" + std::to_string(workers) +
           (whom == target::main_task ? "_main" : "_self");
}

class cancel_points : public stress::stress_case, public testing::WithParamInterface<point> {
protected:
    /// Runs the program with a cancel at suspension `k`. False: it did not suspend that often.
    static bool cancel_at(const subject& of, unsigned workers, target whom, std::size_t k) {
        std::atomic<std::size_t> seen{0};
        eddy::any_task main;
        const auto hook = [&](const eddy::any_task& suspending) {
            if (seen.fetch_add(1) + 1 == k) {
                (void)(whom == target::main_task ? main : suspending).cancel();
            }
        };
        auto wrapped = [](eddy::coro<> body, eddy::any_task& self) -> eddy::coro<> {
            self = eddy::current_task();
            // What the program waits for may have gone with the cancel.
            co_await eddy::wait_for(std::move(body), std::chrono::minutes(1));
        };
        try {
            eddy::run(wrapped(of.program(), main),
                      {.workers = workers, .virtual_time = true, .on_suspend = hook});
        } catch (const eddy::cancelled_error&) {
        } catch (const eddy::timeout_error&) {
        } catch (const eddy::invalid_state_error&) {
        }
        EXPECT_TRUE(main.done());
        return seen.load() >= k;
    }
};

INSTANTIATE_TEST_SUITE_P(of, cancel_points,
                         testing::Combine(testing::ValuesIn(subjects()), testing::Values(1U, 4U),
                                          testing::Values(target::main_task,
                                                          target::suspending_task)),
                         name_of);

TEST_P(cancel_points, each_suspension_of_the_program) {
    const auto& [of, workers, whom] = GetParam();
    std::size_t lost = 0;
    reports.listen([&lost](const eddy::report& what) {
        // A program that is cancelled before it has looked at its failed task cannot look any more.
        const bool planned = what.message.find("boom") != std::string::npos ||
                             what.message.find("planned") != std::string::npos;
        if (what.kind == eddy::report_kind::never_retrieved && !planned) {
            ++lost;
            ADD_FAILURE() << what.message;
        }
    });
    std::size_t points = 0;
    {
        const silence quiet;
        const std::int64_t before = eddy::frame_cache::live_hint();
        for (std::size_t k = 1; cancel_at(of, workers, whom, k); ++k) {
            ++points;
            ASSERT_EQ(programs::alive.load(), 0) << "cancelled at suspension " << k;
            ASSERT_EQ(eddy::frame_cache::live_hint(), before) << "cancelled at suspension " << k;
        }
    }
    reports.listen({});
    std::printf("%zu points\n", points);
    EXPECT_TRUE(points > 0 || std::string(of.name) == "g04"); // that one never suspends
    EXPECT_EQ(lost, 0U);
}

} // namespace
