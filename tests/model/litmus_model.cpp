// litmus_model.cpp — the explorer itself: each litmus test has exactly the outcomes C++20 allows.
//
// Covers:    store buffering, message passing, IRIW, CoRR, release sequences, plain-data races,
//            initialization races, lost wake-ups, livelock, pause, replay of a choice string,
//            random paths, the preemption bound.
// Not here:  load buffering and 2+2W: the explorer does not show them (docs/design/explorer.md,
//            Limits).

#include "model_sync.hpp"
#include <eddy/base/atomic.hpp>

#include <gtest/gtest.h>

#include <set>

namespace eddy::model {
namespace {

template <class T>
using atomic = model_sync::atomic<T>;
template <class T>
using var = model_sync::var<T>;

std::set<std::string> keys(const report& seen) {
    std::set<std::string> names;
    for (const auto& [name, count] : seen.outcomes) {
        names.insert(name);
    }
    return names;
}

template <class Program>
std::set<std::string> outcomes_of(limits bounds = {.preemptions = 8}) {
    const report seen = explore<Program>(bounds);
    EXPECT_EQ(seen.failure, "") << seen.trace;
    return keys(seen);
}

using names = std::set<std::string>;

template <order Store, order Load>
struct store_buffering {
    static constexpr unsigned threads = 2;
    atomic<int> x{0};
    atomic<int> y{0};
    int saw[2] = {};

    void thread(unsigned k) {
        atomic<int>& mine = k == 0 ? x : y;
        atomic<int>& other = k == 0 ? y : x;
        mine.store(1, Store);
        saw[k] = other.load(Load);
    }
    std::string outcome() const { return std::to_string(saw[0]) + std::to_string(saw[1]); }
};

TEST(litmus, store_buffering_is_visible_below_seq_cst) {
    const names all{"00", "01", "10", "11"};
    EXPECT_EQ((outcomes_of<store_buffering<relaxed, relaxed>>()), all);
    EXPECT_EQ((outcomes_of<store_buffering<release, acquire>>()), all);
    EXPECT_EQ((outcomes_of<store_buffering<seq_cst, acquire>>()), all);
    EXPECT_EQ((outcomes_of<store_buffering<release, seq_cst>>()), all);
}

TEST(litmus, store_buffering_is_gone_with_seq_cst_on_all_four) {
    EXPECT_EQ((outcomes_of<store_buffering<seq_cst, seq_cst>>()), (names{"01", "10", "11"}));
}

template <order Store, order Load>
struct message_passing {
    static constexpr unsigned threads = 2;
    atomic<int> data{0};
    atomic<int> flag{0};
    int saw_flag = 0;
    int saw_data = 0;

    void thread(unsigned k) {
        if (k == 0) {
            data.store(1, relaxed);
            flag.store(1, Store);
        } else {
            saw_flag = flag.load(Load);
            saw_data = data.load(relaxed);
        }
    }
    std::string outcome() const { return std::to_string(saw_flag) + std::to_string(saw_data); }
};

TEST(litmus, message_passing_needs_release_and_acquire) {
    const names all{"00", "01", "10", "11"};
    EXPECT_EQ((outcomes_of<message_passing<relaxed, acquire>>()), all);
    EXPECT_EQ((outcomes_of<message_passing<release, relaxed>>()), all);
    EXPECT_EQ((outcomes_of<message_passing<release, acquire>>()), (names{"00", "01", "11"}));
}

template <order Store, order Load>
struct independent_reads {
    static constexpr unsigned threads = 4;
    atomic<int> x{0};
    atomic<int> y{0};
    int saw[4] = {};

    void thread(unsigned k) {
        switch (k) {
        case 0:
            x.store(1, Store);
            break;
        case 1:
            y.store(1, Store);
            break;
        case 2:
            saw[0] = x.load(Load);
            saw[1] = y.load(Load);
            break;
        default:
            saw[2] = y.load(Load);
            saw[3] = x.load(Load);
            break;
        }
    }
    std::string outcome() const {
        return saw[0] == 1 && saw[1] == 0 && saw[2] == 1 && saw[3] == 0 ? "disagree" : "agree";
    }
};

TEST(litmus, two_readers_may_disagree_about_the_order_of_two_writers_below_seq_cst) {
    EXPECT_EQ((outcomes_of<independent_reads<release, acquire>>({.preemptions = 3})),
              (names{"agree", "disagree"}));
    EXPECT_EQ((outcomes_of<independent_reads<seq_cst, seq_cst>>({.preemptions = 3})),
              (names{"agree"}));
}

struct coherent_reads {
    static constexpr unsigned threads = 2;
    atomic<int> x{0};
    int first = 0;
    int second = 0;

    void thread(unsigned k) {
        if (k == 0) {
            x.store(1, relaxed);
            x.store(2, relaxed);
        } else {
            first = x.load(relaxed);
            second = x.load(relaxed);
        }
    }
    std::string outcome() const { return std::to_string(first) + std::to_string(second); }
};

TEST(litmus, two_loads_of_one_location_never_go_backwards) {
    EXPECT_EQ((outcomes_of<coherent_reads>()), (names{"00", "01", "02", "11", "12", "22"}));
}

// Thread 1 changes the flag between the release and the acquire.
template <bool ByReadModifyWrite>
struct release_sequence {
    static constexpr unsigned threads = 3;
    atomic<int> data{0};
    atomic<int> flag{0};
    std::string seen = "-";

    void thread(unsigned k) {
        if (k == 0) {
            data.store(1, relaxed);
            flag.store(1, release);
        } else if (k == 1) {
            if constexpr (ByReadModifyWrite) {
                flag.fetch_add(1, relaxed);
            } else if (flag.load(relaxed) == 1) {
                flag.store(2, relaxed);
            }
        } else if (flag.load(acquire) == 2) {
            seen = std::to_string(data.load(relaxed));
        }
    }
    std::string outcome() const { return seen; }
};

TEST(litmus, a_relaxed_read_modify_write_passes_a_release_on_and_a_store_does_not) {
    EXPECT_EQ((outcomes_of<release_sequence<true>>()), (names{"-", "1"}));
    EXPECT_EQ((outcomes_of<release_sequence<false>>()), (names{"-", "0", "1"}));
}

struct counter {
    static constexpr unsigned threads = 3;
    atomic<int> total{0};

    void thread(unsigned) { total.fetch_add(1, relaxed); }
    void check() { require(total.load(relaxed) == 3, "an increment was lost"); }
};

TEST(litmus, read_modify_writes_are_atomic) {
    EXPECT_EQ(explore<counter>().failure, "");
}

template <order Store>
struct plain_hand_over {
    static constexpr unsigned threads = 2;
    var<int> data{0};
    atomic<int> flag{0};

    void thread(unsigned k) {
        if (k == 0) {
            data = 1;
            flag.store(1, Store);
        } else if (flag.load(acquire) == 1) {
            require(data == 1, "stale data");
        }
    }
};

TEST(litmus, plain_data_handed_over_without_release_is_a_race) {
    EXPECT_EQ(explore<plain_hand_over<release>>().failure, "");
    EXPECT_NE(explore<plain_hand_over<relaxed>>().failure.find("data race"), std::string::npos);
}

struct two_writers {
    static constexpr unsigned threads = 2;
    var<int> data{0};

    void thread(unsigned k) { data = static_cast<int>(k); }
};

TEST(litmus, two_unordered_writes_of_plain_data_are_a_race) {
    EXPECT_NE(explore<two_writers>().failure.find("data race"), std::string::npos);
}

template <order Store>
struct late_construction {
    static constexpr unsigned threads = 2;
    std::unique_ptr<atomic<int>> made;
    atomic<atomic<int>*> shared{nullptr};

    void thread(unsigned k) {
        if (k == 0) {
            made = std::make_unique<atomic<int>>(7);
            shared.store(made.get(), Store);
        } else if (atomic<int>* found = shared.load(acquire)) {
            require(found->load(relaxed) == 7, "not the initial value");
        }
    }
};

TEST(litmus, an_atomic_used_before_its_construction_is_published_is_a_race) {
    EXPECT_EQ(explore<late_construction<release>>().failure, "");
    EXPECT_NE(explore<late_construction<relaxed>>().failure.find("construction"),
              std::string::npos);
}

// The parking protocol in four lines.
template <order Flag>
struct sleeper {
    static constexpr unsigned threads = 2;
    atomic<int> item{0};
    atomic<int> parked{0};
    event bell;

    void thread(unsigned k) {
        if (k == 0) {
            item.store(1, Flag);
            if (parked.load(Flag) == 1) {
                bell.set();
            }
        } else {
            parked.store(1, Flag == release ? relaxed : Flag);
            if (item.load(Flag == release ? relaxed : Flag) == 0) {
                bell.wait();
            }
        }
    }
};

TEST(litmus, a_sleeper_that_nobody_wakes_is_a_lost_wake_up) {
    EXPECT_EQ(explore<sleeper<seq_cst>>().failure, "");
    const report lost = explore<sleeper<relaxed>>();
    EXPECT_NE(lost.failure.find("lost wake-up"), std::string::npos);
    EXPECT_NE(lost.trace.find("blocks on event"), std::string::npos);
}

template <bool Pauses>
struct spinner {
    static constexpr unsigned threads = 2;
    atomic<int> flag{0};

    void thread(unsigned k) {
        if (k == 0) {
            flag.store(1, release);
            return;
        }
        while (flag.load(acquire) == 0) {
            if constexpr (Pauses) {
                model_sync::pause();
            }
        }
    }
};

TEST(litmus, a_spin_loop_ends_if_it_pauses_and_is_a_livelock_if_it_does_not) {
    EXPECT_EQ(explore<spinner<true>>().failure, "");
    EXPECT_NE(explore<spinner<false>>().failure.find("livelock"), std::string::npos);
}

struct needs_three_switches {
    static constexpr unsigned threads = 2;
    atomic<int> turn{0};
    bool reached = false;

    void thread(unsigned k) {
        for (int mine = static_cast<int>(k); mine < 4; mine += 2) {
            int expected = mine;
            if (!turn.compare_exchange_strong(expected, mine + 1, relaxed, relaxed)) {
                return;
            }
        }
        reached = true;
    }
    void check() { require(turn.load(relaxed) != 4, "all four turns were taken"); }
};

TEST(litmus, the_preemption_bound_limits_what_is_explored) {
    EXPECT_EQ(explore<needs_three_switches>({.preemptions = 1}).failure, "");
    EXPECT_EQ(explore<needs_three_switches>({.preemptions = 2}).failure,
              "all four turns were taken");
}

TEST(litmus, a_weakened_access_is_found_by_function_kind_and_order) {
    using program = store_buffering<seq_cst, seq_cst>;
    const report seen = explore<program>(
        {.weakened = {{.where = "thread", .what = access::load, .from = seq_cst, .to = acquire}}});
    EXPECT_EQ(keys(seen).count("00"), 1u);
    EXPECT_NE(seen.weakened, 0u);
}

TEST(litmus, random_paths_find_a_failure_and_their_choices_replay_it) {
    const report lost = explore<sleeper<relaxed>>({.random_paths = 10'000, .seed = 42});
    ASSERT_NE(lost.failure, "");
    ASSERT_EQ(setenv("EDDY_MODEL_REPLAY", lost.choices.c_str(), 1), 0);
    const report again = explore<sleeper<relaxed>>();
    unsetenv("EDDY_MODEL_REPLAY");
    EXPECT_EQ(again.failure, lost.failure);
    EXPECT_EQ(again.paths, 1u);
}

} // namespace
} // namespace eddy::model
