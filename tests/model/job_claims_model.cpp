// job_claims_model.cpp — the real job_claims between a pool, whoever cancels, and a worker process
// that may die between any two steps: no job runs twice, none is lost, and nobody is killed for a
// job that he has ended.
//
// Covers:    cancels that drop a result or kill; a deadline; kill -9; a job that is taken from a
//            busy worker for an idle one; words that are used again. Planted: a word that is read
//            and written in two steps; the job before the offer; a worker that does not ask; a kill
//            without a look at the next job; a dead worker's jobs that are sent again unasked, or
//            given up before its results are read; more jobs than words.
// Not here:  the rings -> byte_ring_model.cpp; processes -> tests/exec, process_pool_stress.cpp.

#include "exec/job_claims.hpp"
#include "item_model.hpp"
#include "model_test.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>

namespace eddy::model {
namespace {

enum class mistake : unsigned char {
    none,
    job_before_offer,
    begins_unasked,
    kills_at_once,
    sends_again_unasked,
    buries_unread, // jobs of a dead worker are given up before its results are read
    ignores_room
};

enum class outcome : unsigned char { none, value, cancelled, late, broken };
enum class job_cancel : unsigned char { drops_result, kills };
enum class action : unsigned char {
    none,
    drops_first, // a cancel
    drops_second,
    kills_first, // a cancel that kills
    expires_first,
    expires_second,
    hands_on,
    kills_worker // kill -9
};

struct sent_job {
    std::uint64_t number = 0;
    int runs = 0;
    bool withdrawn = false; // and settled so
    outcome ended = outcome::none;
    event arrives; // its message, in the ring
    model_sync::atomic<bool> answered{false};

    void run() { require(++runs == 1, "a job was run twice"); }
};

// A pool and its worker process, to which `Jobs` jobs are sent. Thread 0 is the worker, thread 1
// that of the pool; what another one does is said by the programs below.
template <std::size_t Jobs, mistake Mistake = mistake::none, typename Sync = model_sync,
          std::uint64_t Window = 8>
struct pool_of_one {
    basic_job_claims<Sync, Window> claims;
    blocking_lock lock; // the pool's
    std::array<sent_job, Jobs> all;
    std::size_t next_to_send = 0;
    std::deque<sent_job*> sent; // and not answered, the oldest first
    std::deque<sent_job*> queue;
    model_sync::atomic<bool> killed{false};
    model_sync::atomic<bool> dead{false};
    event stop;
    event news;  // for the pool's thread
    event begun; // all is sent that may be
    int broken = 0;
    int killed_from_outside = 0;

    bool may_sleep() const {
        return std::ranges::all_of(all, [](const auto& each) { return ended(each); });
    }
    void check() const {
        for (const sent_job& each : all) {
            require(ended(each), "a job was lost");
            require(each.ended != outcome::value || each.runs == 1, "a result came from nowhere");
            require(!each.withdrawn || each.runs == 0, "a job was withdrawn and run");
        }
        require(broken <= killed_from_outside, "a job was broken by a kill for another one");
    }

    // -- the worker, which dies where it notices that it was killed --

    void serve() {
        for (sent_job& each : all) {
            each.arrives.wait();
            if (dies()) {
                return;
            }
            if (Mistake == mistake::begins_unasked || claims.begin(each.number)) {
                if (dies()) {
                    return;
                }
                each.run();
                if (dies()) {
                    return;
                }
                each.answered.store(true, release);
                news.set();
            }
        }
        stop.wait();
        (void)dies();
    }
    bool dies() {
        const bool now = killed.load(acquire);
        if (now) {
            dead.store(true, release);
            news.set();
        }
        return now;
    }

    // -- the pool, under its lock --

    void send() {
        while (next_to_send != Jobs && has_room()) {
            sent_job& next = all[next_to_send++];
            next.number = next_to_send;
            sent.push_back(&next);
            if (Mistake == mistake::job_before_offer) {
                next.arrives.set();
                claims.offer(next.number);
            } else {
                claims.offer(next.number);
                next.arrives.set();
            }
        }
    }
    bool has_room() const {
        return Mistake == mistake::ignores_room || sent.empty() ||
               claims.has_room(sent.front()->number, next_to_send + 1);
    }
    // Whoever is settled so: withdrawn, or gone on with and of no interest.
    bool settle(sent_job& job, outcome as) {
        job.ended = as;
        if (std::erase(queue, &job) != 0) {
            job.withdrawn = true;
        } else if (claims.withdraw(job.number)) {
            std::erase(sent, &job);
            job.withdrawn = true;
        }
        return job.withdrawn;
    }
    void kill_in(sent_job& begun) {
        const auto withdraw = [this](sent_job& next) {
            return !ended(next) && claims.withdraw(next.number);
        };
        const auto take_back = [this](sent_job& next) {
            sent.pop_back();
            queue.push_front(&next);
        };
        if (Mistake == mistake::kills_at_once ||
            withdraw_behind(begun, sent, withdraw, take_back)) {
            kill();
        }
    }
    void kill() {
        killed.store(true, release);
        for (sent_job& each : all) {
            each.arrives.set();
        }
        stop.set();
    }
    void read_results() {
        while (!sent.empty() && sent.front()->answered.load(acquire)) {
            sent_job& done = *sent.front();
            sent.pop_front();
            done.ended = ended(done) ? done.ended : outcome::value;
        }
    }
    void bury() {
        while (!sent.empty()) {
            sent_job& last = *sent.back();
            sent.pop_back();
            if (ended(last)) {
                continue;
            }
            if (Mistake == mistake::sends_again_unasked || claims.withdraw(last.number)) {
                queue.push_front(&last);
            } else {
                require(!last.answered.load(acquire), "a job was given up that was answered");
                last.ended = outcome::broken;
                ++broken;
            }
        }
        while (!queue.empty()) { // in another process
            run_elsewhere(*queue.front());
            queue.pop_front();
        }
    }
    static void run_elsewhere(sent_job& job) {
        job.run();
        job.ended = outcome::value;
    }
    static bool ended(const sent_job& job) { return job.ended != outcome::none; }

    // -- threads of the pool --

    void look_after() {
        while (!may_sleep()) {
            news.wait();
            const bool over = dead.load(acquire); // before its results are read
            const std::lock_guard hold(lock);
            if (Mistake != mistake::buries_unread || !over) {
                read_results();
            }
            if (over) {
                bury();
            } else {
                send();
            }
        }
    }
    void begin() {
        const std::lock_guard hold(lock);
        send();
        begun.set();
    }
    void act(action what) {
        switch (what) {
        case action::none:
            break;
        case action::drops_first:
            return cancel(all[0], job_cancel::drops_result);
        case action::drops_second:
            return cancel(all[1], job_cancel::drops_result);
        case action::kills_first:
            return cancel(all[0], job_cancel::kills);
        case action::expires_first:
            return expire(all[0]);
        case action::expires_second:
            return expire(all[1]);
        case action::hands_on:
            return hand_on();
        case action::kills_worker:
            ++killed_from_outside;
            return kill();
        }
    }
    void cancel(sent_job& job, job_cancel how) {
        const std::lock_guard hold(lock);
        if (!ended(job) && !settle(job, outcome::cancelled) && how == job_cancel::kills) {
            kill_in(job);
        }
        news.set();
    }
    void expire(sent_job& job) {
        const std::lock_guard hold(lock);
        if (!ended(job) && !settle(job, outcome::late)) {
            kill_in(job);
        }
    }
    // Another worker is idle: it gets what waits behind another job.
    void hand_on() {
        const std::lock_guard hold(lock);
        if (sent.size() >= 2 && claims.withdraw(sent.back()->number)) {
            run_elsewhere(*sent.back());
            sent.pop_back();
            news.set();
        }
    }
};

// What the pool's thread does when all has been sent, and what another thread does meanwhile.
template <action OfPool, action Meanwhile, mistake Mistake = mistake::none,
          typename Sync = model_sync, std::size_t Jobs = 2, std::uint64_t Window = 8>
struct claims_program : pool_of_one<Jobs, Mistake, Sync, Window> {
    static constexpr unsigned threads = Meanwhile == action::none ? 2 : 3;

    void thread(unsigned k) {
        if (k == 0) {
            this->serve();
        } else if (k == 1) {
            this->begin();
            this->act(OfPool);
            this->look_after();
        } else {
            this->begun.wait();
            this->act(Meanwhile);
        }
    }
};

template <action OfPool, action Meanwhile = action::none>
void expect_right(const char* name, unsigned preemptions = 3) {
    expect_correct<claims_program<OfPool, Meanwhile>>(name, {.preemptions = preemptions});
}
template <mistake Mistake, action OfPool, action Meanwhile = action::none>
void expect_found(const char* name) {
    expect_caught<claims_program<OfPool, Meanwhile, Mistake>>(name);
}
template <action OfPool, action Meanwhile = action::none>
void expect_torn_found(const char* name) {
    expect_caught<claims_program<OfPool, Meanwhile, mistake::none, torn_claim_sync>>(name);
}
template <mistake Mistake>
using more_jobs_than_words = claims_program<action::none, action::none, Mistake, model_sync, 3, 2>;

TEST(job_claims, a_cancel_withdraws_or_drops_and_harms_nobody_else) {
    expect_right<action::none, action::drops_first>("two jobs | cancel 1");
    expect_right<action::drops_second, action::drops_first>("two jobs, cancel 2 | cancel 1", 2);
}
TEST(job_claims, a_cancel_that_kills_breaks_its_job_alone) {
    expect_right<action::none, action::kills_first>("two jobs | cancel 1 and kill");
    expect_right<action::drops_second, action::kills_first>("cancel 2 | cancel 1 and kill", 2);
}
TEST(job_claims, a_deadline_breaks_its_job_alone) {
    expect_right<action::expires_first>("two jobs, 1 is late", 4);
    expect_right<action::expires_first, action::drops_second>("1 is late | cancel 2", 2);
    expect_right<action::expires_second, action::kills_first>("2 is late | cancel 1 and kill", 2);
}
TEST(job_claims, a_death_breaks_what_had_begun_and_nothing_else) {
    expect_right<action::none, action::kills_worker>("two jobs | kill -9");
    expect_right<action::drops_first, action::kills_worker>("cancel 1 | kill -9", 2);
    expect_right<action::expires_first, action::kills_worker>("1 is late | kill -9", 2);
}
TEST(job_claims, a_job_is_handed_on_before_it_is_begun_or_not_at_all) {
    expect_right<action::none, action::hands_on>("two jobs | an idle worker takes one");
    expect_right<action::kills_worker, action::hands_on>("kill -9 | an idle worker", 2);
}
TEST(job_claims, words_are_used_again_when_they_are_not_needed) {
    expect_correct<more_jobs_than_words<mistake::none>>("three jobs, two words",
                                                        {.preemptions = 4});
}
TEST(job_claims, the_word_itself_needs_no_order_where_the_ring_has_one) {
    const limits relaxed_all = {.weakened = {
                                    {"::offer(", access::store, seq_cst, relaxed},
                                    {"::move(", access::read_modify_write, seq_cst, relaxed},
                                    {"::move(", access::load, seq_cst, relaxed},
                                }};
    const report seen =
        explore<claims_program<action::expires_first, action::kills_worker>>(relaxed_all);
    EXPECT_EQ(seen.failure, "") << seen.trace;
    EXPECT_NE(seen.weakened, 0U);
}

TEST(job_claims_faults, a_word_that_is_read_and_written_in_two_steps_is_caught) {
    expect_torn_found<action::none, action::drops_first>("torn, a cancel");
    expect_torn_found<action::none, action::hands_on>("torn, an idle worker");
    expect_torn_found<action::expires_first>("torn, a deadline");
}
TEST(job_claims_faults, a_job_that_is_sent_before_it_is_offered_is_caught) {
    expect_found<mistake::job_before_offer, action::none>("the job before the offer");
}
TEST(job_claims_faults, a_worker_that_does_not_ask_is_caught) {
    expect_found<mistake::begins_unasked, action::none, action::drops_first>("begins unasked");
}
TEST(job_claims_faults, a_kill_without_a_look_at_the_next_job_is_caught) {
    expect_found<mistake::kills_at_once, action::expires_first>("a deadline kills at once");
    expect_found<mistake::kills_at_once, action::none, action::kills_first>("a cancel does");
}
TEST(job_claims_faults, a_job_that_is_sent_again_unasked_is_caught) {
    expect_found<mistake::sends_again_unasked, action::none, action::kills_worker>("sent again");
}
TEST(job_claims_faults, a_burial_before_the_results_are_read_is_caught) {
    expect_found<mistake::buries_unread, action::none, action::kills_worker>("buried unread");
}
TEST(job_claims_faults, more_jobs_than_words_are_caught) {
    expect_caught<more_jobs_than_words<mistake::ignores_room>>("three jobs at once, two words");
}

} // namespace
} // namespace eddy::model
