// process_pool_executor_context_test.cpp — context variables of the submitter in worker processes.
//
// Covers:    through submit, submit_async, run_in_executor, apply, apply_async, map; in jobs that
//            wait and that are repeated; nothing is left for the next job; errors.
// Not here:  the bytes -> registered_context_var_test.cpp; deadlines ->
//            process_pool_executor_test.cpp.

#include "exec/process_jobs.hpp"
#include <eddy/testing/co_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace eddy {
namespace process_context_test {

using namespace std::chrono_literals;

struct touchy {
    bool throws = false;
};

context_var<std::string> request("request", "none");
context_var<int> level("level");
context_var<touchy> fails("fails");
context_var<int> stays_here("stays_here", 0);

} // namespace process_context_test

template <>
struct codec<process_context_test::touchy> {
    static void encode(code_writer& to, const process_context_test::touchy& from) {
        if (from.throws) {
            throw std::domain_error("this cannot be written");
        }
        to.put(from.throws);
    }
    static process_context_test::touchy decode(code_reader& from) { return {from.get<bool>()}; }
};

namespace process_context_test {

EDDY_CONTEXT_VAR(request);
EDDY_CONTEXT_VAR(level);
EDDY_CONTEXT_VAR(fails);

std::string seen() {
    const int* const at = level.find();
    return request.get() + '/' + (at != nullptr ? std::to_string(*at) : "-") + '/' +
           std::to_string(stays_here.get());
}
std::string seen_for(int number) {
    return std::to_string(number) + ':' + seen();
}
// Sets more, takes some of it back, throws in the middle of it.
std::string set_in_job(int how) {
    const auto outer = request.set("by the job");
    auto inner = level.set(99);
    if (how == 1) {
        level.reset(inner);
    } else if (how == 2) {
        throw std::runtime_error(seen());
    }
    return seen();
}
std::string seen_at_last(const std::string& in, int times) {
    (void)process_jobs::die_at_first(in, times);
    return seen();
}

EDDY_FUNCTION(seen);
EDDY_FUNCTION(seen_for);
EDDY_FUNCTION(set_in_job);
EDDY_FUNCTION(seen_at_last);

CO_TEST(process_context, a_job_sees_the_values_of_who_submitted_it) {
    process_pool_executor pool(1);
    EXPECT_EQ(co_await pool.submit(seen), "none/-/0");
    {
        const auto in = request.set("r1");
        const auto at = level.set(3);
        EXPECT_EQ(co_await pool.submit(seen), "r1/3/0");
        EXPECT_EQ(co_await co_await pool.submit_async(seen), "r1/3/0");
        EXPECT_EQ(co_await run_in_executor(pool, seen), "r1/3/0");
        auto patient = pool.with({.repeats = 1});
        EXPECT_EQ(co_await run_in_executor(patient, seen), "r1/3/0");
        promise<std::string> told;
        (void)pool.apply_async(seen, [&](const std::string& text) { told.set_value(text); });
        EXPECT_EQ(co_await told.get_future(), "r1/3/0");
        EXPECT_EQ(co_await create_task(run_in_executor(pool, seen)), "r1/3/0");
    }
    EXPECT_EQ(co_await run_in_executor(pool, seen), "none/-/0");
    co_await pool.aclose();
}

TEST(process_context, a_job_of_a_thread_without_a_loop_sees_them_too) {
    process_pool_executor pool(1);
    const auto in = request.set("of a thread");
    EXPECT_EQ(pool.apply(seen), "of a thread/-/0");
}

CO_TEST(process_context, a_map_takes_them_along_one_by_one_and_in_chunks) {
    process_pool_executor pool(2);
    const auto in = request.set("mapped");
    for (const std::size_t chunk : {1U, 2U}) {
        std::string all;
        EDDY_FOR(const auto& each, pool.map(seen_for, std::vector{1, 2, 3}, {.chunk = chunk})) {
            all += each + ' ';
        }
        EXPECT_EQ(all, "1:mapped/-/0 2:mapped/-/0 3:mapped/-/0 ");
    }
    co_await pool.aclose();
}

CO_TEST(process_context, what_is_not_registered_stays_here) {
    process_pool_executor pool(1);
    const auto here = stays_here.set(5);
    EXPECT_EQ(co_await run_in_executor(pool, seen), "none/-/0");
    co_await pool.aclose();
}

CO_TEST(process_context, a_job_that_waits_keeps_what_was_set_when_it_was_submitted) {
    process_pool_executor pool(1);
    gate busy;
    const auto first = pool.submit(process_jobs::passed, busy.path(), 1);
    co_await busy.reached(1);
    std::vector<future<std::string>> later;
    for (int i = 0; i != 4; ++i) {
        const auto at = level.set(i);
        later.push_back(pool.submit(seen));
    }
    const auto in = request.set("later");
    busy.open();
    EXPECT_EQ(co_await first, 1);
    for (int i = 0; i != 4; ++i) {
        EXPECT_EQ(co_await later[static_cast<std::size_t>(i)], "none/" + std::to_string(i) + "/0");
    }
    co_await pool.aclose();
}

CO_TEST(process_context, what_a_job_sets_is_gone_when_it_ends) {
    process_pool_executor pool(1);
    const auto at = level.set(3);
    EXPECT_EQ(co_await run_in_executor(pool, set_in_job, 0), "by the job/99/0");
    EXPECT_EQ(co_await run_in_executor(pool, seen), "none/3/0");
    EXPECT_EQ(co_await run_in_executor(pool, set_in_job, 1), "by the job/3/0");
    EXPECT_EQ(co_await run_in_executor(pool, seen), "none/3/0");
    const auto failed = co_await as_result(run_in_executor(pool, set_in_job, 2));
    EXPECT_NE(describe(failed.error()).find("by the job/99/0"), std::string::npos);
    EXPECT_EQ(co_await run_in_executor(pool, seen), "none/3/0");
    co_await pool.aclose();
}

CO_TEST(process_context, a_job_that_is_repeated_sees_the_same_again) {
    process_pool_executor pool(1);
    gate notes;
    auto repeatable = pool.with({.repeats = 5});
    const auto in = request.set("again");
    EXPECT_EQ(co_await run_in_executor(repeatable, seen_at_last, notes.path(), 3), "again/-/0");
    EXPECT_EQ(notes.notes(), 3U);
    co_await pool.aclose();
}

CO_TEST(process_context, a_codec_that_throws_fails_the_submit_and_nothing_is_sent) {
    process_pool_executor pool(1);
    const auto wrong = fails.set({true});
    EXPECT_THROW((void)pool.submit(seen), std::domain_error);
    EXPECT_TRUE(
        (co_await as_result(run_in_executor(pool, seen))).template holds<std::domain_error>());
    EXPECT_EQ(pool.processes(), 0U);
    {
        const auto right = fails.set({false});
        EXPECT_EQ(co_await run_in_executor(pool, seen), "none/-/0");
    }
    co_await pool.aclose();
}

CO_TEST(process_context, they_go_beside_a_deadline) {
    process_pool_executor pool(1);
    const auto in = request.set("in time");
    EXPECT_EQ(co_await wait_for(run_in_executor(pool, seen), 1h), "in time/-/0");
    co_await pool.aclose();
}

TEST(process_context, the_initializer_of_a_process_has_none_of_it) {
    const gate notes;
    const auto wrong = fails.set({true}); // would throw
    process_pool_options options{.processes_max = 1};
    options.initializer = registered_call(process_jobs::start_with, notes.path(), 4);
    process_pool_executor pool(options);
    context().run([&] { EXPECT_EQ(pool.apply(process_jobs::get_started_with), 4); });
}

} // namespace process_context_test
} // namespace eddy
