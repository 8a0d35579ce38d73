// job_queue_model.cpp — the real job_queue, with a pool's threads around it: no job waits while a
// thread sleeps.
//
// Covers:    two threads and one or two posters; batches; a call while nobody sleeps; the search is
//            handed on; a job is taken out.  Planted: no second look, no hand-over, a search kept
//            over a job, no look after a job was taken out, each side of the wake-up below seq_cst.
// Not here:  threads that start and end, the close -> tests/stress/executor_stress.cpp.

#include "exec/job_queue.hpp"
#include "model_test.hpp"

#include <array>
#include <mutex>

namespace eddy::model {
namespace {

enum class mistake : unsigned char {
    none,
    no_second_look,
    no_hand_over,  // who ends its search with a job does not look whether there is another one
    busy_searcher, // keeps the search while it runs a job
    no_look_after_withdrawing
};

// Threads 0 and 1 are of the pool. Whoever takes job 0 is stuck until the other one has run job 1.
// A canceller takes job 0 out, if it is there.
template <unsigned Posters, mistake Mistake = mistake::none, unsigned Cancellers = 0>
struct pool_program {
    static constexpr unsigned workers = 2;
    static constexpr unsigned threads = workers + Posters + Cancellers;
    static constexpr unsigned jobs_each = 2 / Posters;

    struct member {
        event bell;
        bool idle = false; // under lock, as the rest
        bool called = false;
    };

    job_queue<item, model_sync> jobs;
    basic_spin_lock<model_sync> lock;
    std::array<member, workers> pool;
    std::array<item, 2> items;
    event second_done;
    bool withdrawn = false;

    void thread(unsigned k) {
        if (k < workers) {
            serve(pool[k]);
        } else if (k < workers + Posters) {
            post(k - workers);
        } else {
            withdraw();
        }
    }

    bool may_sleep() const {
        return items[0].times_taken == (withdrawn ? 0 : 1) && items[1].times_taken == 1;
    }

private:
    void withdraw() {
        withdrawn = jobs.take_back(items[0]);
        if (Mistake != mistake::no_look_after_withdrawing && withdrawn && jobs.anything()) {
            call_for_more();
        }
    }

    void post(unsigned p) {
        for (unsigned i = 0; i != jobs_each; ++i) {
            item& posted = items[p * jobs_each + i];
            posted.fill();
            jobs.post(posted);
            call_for_more();
        }
    }

    void call_for_more() {
        if (!jobs.begin_search()) {
            return;
        }
        const std::lock_guard hold(lock);
        for (member& each : pool) {
            if (each.idle) {
                each.idle = false;
                each.called = true;
                each.bell.set();
                return;
            }
        }
        jobs.end_search();
    }

    void serve(member& mine) {
        bool searches = false;
        for (;;) {
            if (item* const found = jobs.take()) {
                if (searches && Mistake != mistake::busy_searcher) {
                    jobs.end_search();
                    searches = false;
                }
                if (Mistake != mistake::no_hand_over && jobs.anything()) {
                    call_for_more();
                }
                run(found);
                continue;
            }
            searches = searches || jobs.begin_search();
            if (!jobs.anything()) {
                searches = sleep(mine, searches);
            }
        }
    }

    // Gives whether the thread searches when it is up again.
    bool sleep(member& mine, bool searches) {
        lock.lock();
        mine.idle = true;
        if (searches) {
            jobs.end_search();
        }
        if (Mistake == mistake::no_second_look || !jobs.anything()) {
            lock.unlock();
            mine.bell.wait();
            lock.lock();
        }
        const bool called = std::exchange(mine.called, false);
        mine.idle = false;
        lock.unlock();
        return called;
    }

    void run(item* found) {
        take(found);
        if (found == &items[0]) {
            second_done.wait();
        } else {
            second_done.set();
        }
    }
};

// What is taken comes in the order of its poster, once.
struct order_program {
    static constexpr unsigned threads = 3;

    job_queue<item, model_sync> jobs;
    std::array<item, 3> items;
    std::array<item*, 2> first{};

    void thread(unsigned k) {
        if (k == 0) {
            for (item& each : items) {
                each.fill();
                jobs.post(each);
            }
            return;
        }
        for (int i = 0; i != 2; ++i) {
            if (item* const got = jobs.take()) {
                model::take(got);
                require(first[k - 1] == nullptr || first[k - 1] < got, "an order was turned round");
                first[k - 1] = got;
            }
        }
    }
    void check() {
        while (item* const got = jobs.take()) {
            model::take(got);
        }
        require_all_taken(items);
    }
};

// A poster that takes its job back has it, or somebody else has.
struct take_back_program {
    static constexpr unsigned threads = 2;

    job_queue<item, model_sync> jobs;
    std::array<item, 2> items;
    bool back = false;

    void thread(unsigned k) {
        if (k == 0) {
            items[0].fill();
            items[1].fill();
            jobs.post(items[0]);
            jobs.post(items[1]);
            back = jobs.take_back(items[1]);
        } else if (item* const got = jobs.take()) {
            model::take(got);
        }
    }
    void check() {
        while (item* const got = jobs.take()) {
            model::take(got);
        }
        require(items[0].times_taken == 1, "a job was lost");
        require(items[1].times_taken == (back ? 0 : 1), "a job was taken back and run, or lost");
    }
};

TEST(job_queue, jobs_are_taken_once_and_in_order) {
    expect_correct<order_program>("3 posts | 2 takes | 2 takes", {.preemptions = 3});
}
TEST(job_queue, a_job_that_is_taken_back_is_not_run) {
    expect_correct<take_back_program>("2 posts, take back | take", {.preemptions = 4});
}
TEST(job_queue, who_takes_a_job_out_leaves_no_other_one_behind) {
    expect_correct<pool_program<1, mistake::none, 1>>(
        "thread | thread | 2 posts | take out, some paths",
        {.preemptions = 4, .random_paths = 100'000});
}
TEST(job_queue, two_threads_run_what_one_poster_posts) {
    expect_correct<pool_program<1>>("thread | thread | 2 posts", {.preemptions = 2});
}
TEST(job_queue, two_threads_run_what_two_posters_post) {
    // All paths with one preemption are four million, and right.
    expect_correct<pool_program<2>>("thread | thread | post | post, some paths",
                                    {.preemptions = 4, .random_paths = 100'000});
}

TEST(job_queue_faults, a_thread_that_does_not_look_again_is_caught) {
    expect_caught<pool_program<2, mistake::no_second_look>>("no second look");
}
TEST(job_queue_faults, a_search_that_is_not_handed_on_is_caught) {
    expect_caught<pool_program<2, mistake::no_hand_over>>("no hand-over");
}
TEST(job_queue_faults, a_thread_that_keeps_the_search_while_it_runs_a_job_is_caught) {
    expect_caught<pool_program<2, mistake::busy_searcher>>("busy searcher");
}
TEST(job_queue_faults, who_takes_a_job_out_and_does_not_look_is_caught) {
    expect_caught<pool_program<1, mistake::no_look_after_withdrawing, 1>>("no look");
}

limits planted(std::vector<weakening> faults) {
    return {.weakened = std::move(faults)};
}

TEST(job_queue_faults, an_end_of_the_search_below_seq_cst_is_caught) {
    expect_caught<pool_program<2>>("end_search release",
                                   planted({{"::end_search(", access::store, seq_cst, release}}));
}
TEST(job_queue_faults, a_poster_that_looks_with_acquire_is_caught) {
    expect_caught<pool_program<2>>("begin_search acquire",
                                   planted({{"::begin_search(", access::load, seq_cst, acquire}}));
}
TEST(job_queue_faults, a_post_below_seq_cst_is_caught) {
    expect_caught<pool_program<2>>(
        "post acq_rel", planted({{"::post(", access::read_modify_write, seq_cst, acq_rel}}));
}
TEST(job_queue_faults, a_second_look_below_seq_cst_is_caught) {
    expect_caught<pool_program<2>>("empty_hint acquire",
                                   planted({{"::empty_hint(", access::load, seq_cst, acquire}}));
}

} // namespace
} // namespace eddy::model
