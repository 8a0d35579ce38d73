// executor_kinds.hpp — the executors that one test body runs over, and what it has them call.
//
// A new executor is added to `executors` and given a `made<E>`. What is called are functions with
// names, whose arguments and results can be sent to another process; what they share with the test
// are files.

#pragma once

#include "exec/gate.hpp"
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/exec/tbb_executor.hpp>
#include <eddy/testing/co_test.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>

namespace eddy::executor_test {

// -- what is called --

inline int twice(int x) {
    return 2 * x;
}
inline std::string joined(const std::string& a, const std::string& b) {
    return a + b;
}
inline void nothing() {}
inline int refuse_7(int x) {
    if (x == 7) {
        throw std::runtime_error("not 7");
    }
    return x;
}
inline int passed(const std::string& through, int value) {
    gate::pass(through);
    return value;
}
inline int stopped_at_0(const std::pair<std::string, int>& job) {
    if (job.second == 0) {
        gate::pass(job.first);
    }
    return job.second;
}
inline int noted_once(const std::string& in) {
    gate::note(in);
    return 1;
}
inline int noted(const std::string& in, int value) {
    gate::note(in);
    return value;
}
inline void written(const std::string& in, const std::string& text) {
    std::ofstream(in + "/written", std::ios::app) << text;
}
inline std::string read_back(const std::string& in) {
    std::string out;
    std::ifstream(in + "/written") >> out;
    return out;
}

EDDY_FUNCTION(twice);
EDDY_FUNCTION(joined);
EDDY_FUNCTION(nothing);
EDDY_FUNCTION(refuse_7);
EDDY_FUNCTION(passed);
EDDY_FUNCTION(stopped_at_0);
EDDY_FUNCTION(noted_once);
EDDY_FUNCTION(noted);
EDDY_FUNCTION(written);

// -- the executors --

// made<E>::make(n, q): one that makes n calls at a time, with a queue of q.
template <typename E>
struct made;

template <>
struct made<thread_pool_executor> {
    static thread_pool_executor make(std::size_t concurrency, std::size_t queue_max) {
        return thread_pool_executor({.threads_max = concurrency, .queue_max = queue_max});
    }
};

template <>
struct made<process_pool_executor> {
    static process_pool_executor make(std::size_t concurrency, std::size_t queue_max) {
        return process_pool_executor({.processes_max = concurrency, .queue_max = queue_max});
    }
};

#ifdef EDDY_TEST_TBB
template <>
struct made<tbb_executor> {
    static tbb_executor make(std::size_t concurrency, std::size_t queue_max) {
        return tbb_executor({.concurrency = concurrency, .queue_max = queue_max});
    }
};

using executors = testing::Types<thread_pool_executor, process_pool_executor, tbb_executor>;
#else
using executors = testing::Types<thread_pool_executor, process_pool_executor>;
#endif

template <typename E>
class executor_case : public testing::Test {
    static_assert(executor<E>);

public:
    static E make(std::size_t concurrency, std::size_t queue_max = 0) {
        return made<E>::make(concurrency, queue_max);
    }

    /// Runs `body`, which is given an executor, as a CO_TEST is run.
    static void on_loops(std::size_t concurrency, const std::function<coro<>(E&)>& body,
                         std::size_t queue_max = 0) {
        const auto whole = [&]() -> coro<> {
            E on = make(concurrency, queue_max);
            co_await body(on);
            co_await on.aclose();
        };
        run_co_test_on(1, whole);
        run_co_test_on(4, whole);
        simulate_co_test(whole, 1, std::source_location::current());
    }
};

class names {
public:
    template <typename E>
    static std::string GetName(int /*index*/) {
        const std::string whole = typeid(E).name();
        if (whole.find("process_pool") != std::string::npos) {
            return "processes";
        }
        if (whole.find("tbb") != std::string::npos) {
            return "tbb";
        }
        return whole.find("thread_pool") != std::string::npos ? "threads" : whole;
    }
};

} // namespace eddy::executor_test
