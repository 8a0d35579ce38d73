// cancel_points_stress.cpp — a cancel at the k-th suspension of a program, for every k.
//
// Covers:    the programs of docs/examples and of programs.hpp, in virtual time, on one worker, on
//            four, and simulated: once the main task is cancelled there, once the task that is
//            about to suspend.
// Expect:    the run ends, normally or with an error that the program or the cancel can cause;
//            every body that began has ended; no frame, task or report is left.

#include "stress/programs.hpp"
#include "stress/stress_case.hpp"
#include <eddy/eddy.hpp>
#include <eddy/testing/cancel_everywhere.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
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
namespace g14 {
#include "../../docs/examples/g14_async_iterators.cpp"
}
namespace g15 {
#include "../../docs/examples/g15_with.cpp"
}
namespace g17 {
#include "../../docs/examples/g17_two_workers.cpp"
}
namespace g20 {
#include "../../docs/examples/g20_awaitables.cpp"
}
namespace t08 {
#include "../../docs/examples/t08_cleanup_that_awaits.cpp"
}
namespace t09 {
#include "../../docs/examples/t09_exit_is_awaited.cpp"
}
namespace chunked_cursor {
#include "../../docs/examples/chunked_cursor.cpp"
}
namespace from_callback {
#include "../../docs/examples/from_callback.cpp"
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
        {"g14", g14::amain},
        {"g15", g15::amain},
        {"g17", g17::amain},
        {"g20", g20::amain},
        {"t08", t08::amain},
        {"t09", t09::amain},
        {"chunked_cursor", chunked_cursor::amain},
        {"from_callback", from_callback::amain},
        {"tasks", programs::tasks},
        {"waits", programs::waits},
        {"forks", programs::forks},
        {"loops", programs::loops},
        {"generators", programs::generators},
        {"scopes", programs::scopes},
        {"callbacks", programs::callbacks},
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

enum class way : unsigned char { on_1, on_4, simulated };
using point = std::tuple<subject, way, eddy::cancel_options::target>;
using target = eddy::cancel_options::target;

std::string name_of(const testing::TestParamInfo<point>& info) {
    static constexpr const char* ways[] = {"_on_1", "_on_4", "_simulated"};
    const auto& [of, how, whom] = info.param;
    return std::string(of.name) + ways[static_cast<std::size_t>(how)] +
           (whom == target::main_task ? "_main" : "_self");
}

eddy::runtime_options options_of(way how) {
    if (how == way::simulated) {
        return eddy::simulated(eddy::process_seed());
    }
    return {.workers = how == way::on_1 ? 1U : 4U, .virtual_time = true};
}

// A program that is cancelled before it has looked at its failed task cannot look any more, and a
// cleanup that is cancelled replaces the exception before it.
bool is_wrong(const eddy::report& what) {
    if (what.kind == eddy::report_kind::replaced) {
        return false;
    }
    return what.kind != eddy::report_kind::never_retrieved ||
           (what.message.find("boom") == std::string::npos &&
            what.message.find("planned") == std::string::npos);
}

// What the cancel of some task can make of a program that awaits it.
bool may_throw(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const eddy::timeout_error&) {
        return true;
    } catch (const eddy::invalid_state_error&) {
        return true;
    } catch (...) { // anything else is wrong
    }
    return false;
}

class cancel_points : public stress::stress_case, public testing::WithParamInterface<point> {};

INSTANTIATE_TEST_SUITE_P(of, cancel_points,
                         testing::Combine(testing::ValuesIn(subjects()),
                                          testing::Values(way::on_1, way::on_4, way::simulated),
                                          testing::Values(target::main_task,
                                                          target::suspending_task)),
                         name_of);

TEST_P(cancel_points, each_suspension_of_the_program) {
    const auto& [of, how, whom] = GetParam();
    const eddy::cancel_options options{
        .on = options_of(how), .whom = whom, .may_throw = may_throw, .is_wrong = is_wrong};
    // What the program waits for may have gone with the cancel.
    const auto program = [&of] { return eddy::wait_for(of.program(), std::chrono::minutes(1)); };
    std::size_t points = 0;
    {
        const silence quiet;
        points =
            eddy::cancel_everywhere(program, [] { return programs::alive.load() == 0; }, options);
    }
    std::printf("%zu points\n", points);
    EXPECT_TRUE(points > 0 || std::string(of.name) == "g04"); // that one never suspends
}

} // namespace
