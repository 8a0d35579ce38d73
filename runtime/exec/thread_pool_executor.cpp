// thread_pool_executor.cpp — the queue, the threads, and their end.

#include <eddy/base/atomic.hpp>
#include <eddy/base/clock.hpp>
#include <eddy/base/syscall.hpp>
#include <eddy/core/report.hpp>
#include <eddy/exec/thread_pool_executor.hpp>
#include <eddy/sched/timeout.hpp>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include <cxxabi.h>

namespace eddy::inline v0 {
namespace {

// Between the process that loaded the library and this one.
constinit atomic<std::uint32_t> forks{0};

void in_forked_child() noexcept {
    forks.store(forks.load(relaxed) + 1, relaxed); // own: both, the only thread there is
}

std::size_t threads_from_environment() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets it
    const char* const text = std::getenv("EDDY_BLOCKING_THREADS");
    if (text == nullptr) {
        return thread_pool_executor::threads_default;
    }
    const char* const end = text + std::strlen(text);
    std::size_t threads = 0;
    const auto [stop, error] = std::from_chars(text, end, threads);
    if (error != std::errc() || stop != end || threads < 1 ||
        threads > thread_pool_executor::threads_limit) {
        throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                                "EDDY_BLOCKING_THREADS=" + std::string(text) +
                                    " is not a number from 1 to " +
                                    std::to_string(thread_pool_executor::threads_limit));
    }
    return threads;
}

std::size_t checked_threads(std::size_t asked) {
    if (asked > thread_pool_executor::threads_limit) {
        throw std::invalid_argument(
            "thread_pool_options::threads_max is " + std::to_string(asked) + "; at most " +
            std::to_string(thread_pool_executor::threads_limit) + " can be had");
    }
    return asked != 0 ? asked : threads_from_environment();
}

// What can be added to the time that it is.
constexpr clock::duration for_ever = std::chrono::hours(24 * 36500);

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
    return status == 0 ? text.get() : name;
}

} // namespace

class thread_pool_executor::pool : public std::enable_shared_from_this<pool> {
public:
    explicit pool(thread_pool_options options)
        : options_(std::move(options)), threads_max_(checked_threads(options_.threads_max)) {
        static const bool told = (sys::at_fork_in_child(&in_forked_child), true);
        (void)told;
    }
    ~pool();
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    enum class pending : std::uint8_t { run, cancel };

    void post(std::unique_ptr<executor_job> work);
    /// Takes no jobs any more.
    void close(pending what) noexcept;
    /// Blocks until no thread is left. False: `limit` was over first.
    bool wait_for_end(clock::duration limit) noexcept;
    /// Joins those that have ended.
    void join() noexcept;
    /// Gives up those that are left.
    void abandon() noexcept;
    [[nodiscard]] future<> ended() const { return ended_.get_future(); }

    /// Its threads are in another process: nothing of it can be ended here.
    void keep_for_ever() noexcept { itself_ = shared_from_this(); }
    [[nodiscard]] bool forked() const noexcept {
        return born_ != forks.load(relaxed); // own: see in_forked_child
    }
    /// Whether this thread is one of the pool's: it cannot wait for itself.
    [[nodiscard]] bool runs_here() const noexcept { return of_thread == this; }
    [[nodiscard]] std::size_t threads_max() const noexcept { return threads_max_; }
    [[nodiscard]] std::size_t threads() const {
        const std::lock_guard hold(lock_);
        return live_;
    }
    [[nodiscard]] std::size_t queued() const {
        const std::lock_guard hold(lock_);
        return queued_;
    }

private:
    struct member : list_hook { // in idle_ while it sleeps there
        std::thread thread;
        std::condition_variable bell;
        bool called = false;
        const std::type_info* runs = nullptr; // the function of its job
        clock::time_point since{};
        std::size_t number = 0;
    };
    using lock = std::unique_lock<std::mutex>;
    using members = std::vector<std::unique_ptr<member>>;

    static void thread_main(const std::shared_ptr<pool>& of, member& mine) noexcept;
    void serve(member& mine) noexcept;
    void run(member& mine, std::unique_ptr<executor_job> work, lock& hold) noexcept;
    [[nodiscard]] bool sleep(member& mine, lock& hold) noexcept;
    void leave(member& mine, lock& hold) noexcept;
    void call_for_more();
    void start_thread();
    [[nodiscard]] std::unique_ptr<executor_job> pop() noexcept;
    void note_refusal(const member& of, std::vector<std::string>& into) const noexcept;

    static constinit thread_local const pool* of_thread;

    const thread_pool_options options_;
    const std::size_t threads_max_;
    const std::uint32_t born_ = forks.load(relaxed); // own: see in_forked_child

    mutable std::mutex lock_;
    std::condition_variable no_thread_left_;
    intrusive_list<executor_job> queue_;
    std::size_t queued_ = 0;
    intrusive_list<member> idle_; // the one that slept last at the back: it is called first
    members members_;
    members ended_members_; // to be joined
    std::size_t live_ = 0;
    std::size_t started_ = 0;
    bool searching_ = false; // a thread has been called or started, and has not looked yet
    bool closing_ = false;
    bool abandoned_ = false;
    promise<> ended_;
    std::shared_ptr<pool> itself_;
};

constinit thread_local const thread_pool_executor::pool* thread_pool_executor::pool::of_thread =
    nullptr;

thread_pool_executor::pool::~pool() {
    join();
    while (const auto left = pop()) {
        left->cancel();
    }
}

// -- submitting --

void thread_pool_executor::pool::post(std::unique_ptr<executor_job> work) {
    if (forked()) {
        throw executor_shut_down("a thread pool does not work in a forked process: make a new one");
    }
    const lock hold(lock_);
    if (closing_) {
        throw executor_shut_down("the thread pool takes no jobs after its shutdown");
    }
    executor_job& queued = *work;
    queue_.push_back(queued);
    ++queued_;
    try {
        call_for_more();
    } catch (...) {
        if (live_ == 0) {
            queued.unlink();
            --queued_;
            throw;
        }
    }
    (void)work.release();
}

// One thread at a time is called or started; it calls the next one if there is more. So short jobs
// are not spread over threads that would only wake up for them. Throws: std::system_error.
void thread_pool_executor::pool::call_for_more() {
    if (searching_) {
        return;
    }
    if (member* const sleeper = idle_.back()) {
        sleeper->unlink();
        sleeper->called = true;
        sleeper->bell.notify_one(); // under the lock: it cannot end meanwhile
        searching_ = true;
    } else if (live_ < threads_max_) {
        start_thread();
        searching_ = true;
    }
}

void thread_pool_executor::pool::start_thread() {
    members_.push_back(std::make_unique<member>());
    member& made = *members_.back();
    made.number = started_ + 1;
    try {
        const sys::blocked_signals block;
        made.thread = std::thread(&thread_main, shared_from_this(), std::ref(made));
    } catch (...) {
        members_.pop_back();
        throw;
    }
    ++started_;
    ++live_;
}

// -- the threads --

void thread_pool_executor::pool::thread_main(const std::shared_ptr<pool>& of,
                                             member& mine) noexcept {
    of_thread = of.get();
    of->serve(mine);
}

void thread_pool_executor::pool::serve(member& mine) noexcept {
    lock hold(lock_); // free when start_thread is done
    sys::set_thread_name((options_.name + "-" + std::to_string(mine.number)).c_str());
    bool searches = true;
    for (;;) {
        std::unique_ptr<executor_job> work = pop();
        if (std::exchange(searches, false)) {
            searching_ = false;
        }
        if (work != nullptr) {
            run(mine, std::move(work), hold);
            continue;
        }
        if (closing_ || !sleep(mine, hold)) {
            break;
        }
        searches = true;
    }
    leave(mine, hold);
}

void thread_pool_executor::pool::run(member& mine, std::unique_ptr<executor_job> work,
                                     lock& hold) noexcept {
    if (!queue_.empty()) {
        try {
            call_for_more();
        } catch (...) { // those that there are do it, then
        }
    }
    mine.runs = &work->function();
    mine.since = clock::now();
    hold.unlock();
    work->run();
    work.reset();
    hold.lock();
    mine.runs = nullptr;
}

// True: it was called for a job.
bool thread_pool_executor::pool::sleep(member& mine, lock& hold) noexcept {
    idle_.push_back(mine);
    const auto rung = [&] { return mine.called || closing_; };
    (void)mine.bell.wait_for(hold, std::min(options_.idle, for_ever), rung);
    if (std::exchange(mine.called, false)) {
        return true;
    }
    mine.unlink();
    return false;
}

void thread_pool_executor::pool::leave(member& mine, lock& hold) noexcept {
    const auto is_mine = [&](const std::unique_ptr<member>& each) { return each.get() == &mine; };
    const auto at = std::ranges::find_if(members_, is_mine);
    members to_join;
    if (!abandoned_) {
        to_join.swap(ended_members_);
        ended_members_.push_back(std::move(*at));
    }
    members_.erase(at);
    --live_;
    const bool last = closing_ && live_ == 0;
    if (last) {
        no_thread_left_.notify_all();
    }
    hold.unlock();
    if (last) {
        (void)ended_.try_set_value();
    }
    for (const auto& each : to_join) {
        each->thread.join();
    }
}

std::unique_ptr<executor_job> thread_pool_executor::pool::pop() noexcept {
    executor_job* const first = queue_.pop_front();
    if (first != nullptr) {
        --queued_;
    }
    return std::unique_ptr<executor_job>(first);
}

// -- the end --

void thread_pool_executor::pool::close(pending what) noexcept {
    std::vector<std::unique_ptr<executor_job>> cancelled;
    lock hold(lock_);
    closing_ = true;
    intrusive_list<executor_job> dropped;
    if (what == pending::cancel) {
        dropped.splice_back(queue_);
        queued_ = 0;
    }
    for (member* each = idle_.front(); each != nullptr; each = idle_.next(*each)) {
        each->bell.notify_one();
    }
    const bool none = live_ == 0;
    hold.unlock();
    if (none) {
        (void)ended_.try_set_value();
    }
    while (executor_job* const each = dropped.pop_front()) {
        const std::unique_ptr<executor_job> owned(each);
        owned->cancel();
    }
}

bool thread_pool_executor::pool::wait_for_end(clock::duration limit) noexcept {
    lock hold(lock_);
    return no_thread_left_.wait_for(hold, std::min(limit, for_ever),
                                    [this] { return live_ == 0 || abandoned_; });
}

void thread_pool_executor::pool::join() noexcept {
    members to_join;
    {
        const lock hold(lock_);
        to_join.swap(ended_members_);
    }
    for (const auto& each : to_join) {
        each->thread.join();
    }
}

void thread_pool_executor::pool::abandon() noexcept {
    std::vector<std::string> refusing;
    {
        const lock hold(lock_);
        abandoned_ = true;
        for (const auto& each : members_) {
            if (each->thread.joinable()) {
                note_refusal(*each, refusing);
                each->thread.detach();
            }
        }
        no_thread_left_.notify_all();
    }
    for (std::string& each : refusing) {
        emit({.kind = report_kind::refuses_to_end,
              .message = std::move(each),
              .task_name = {},
              .site = {},
              .error = nullptr});
    }
}

void thread_pool_executor::pool::note_refusal(const member& of,
                                              std::vector<std::string>& into) const noexcept {
    if (of.runs == nullptr) {
        return;
    }
    try {
        const auto ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - of.since);
        into.push_back("still running after the grace period of a shutdown: thread " +
                       options_.name + "-" + std::to_string(of.number) + ", for " +
                       std::to_string(ms.count()) + " ms in " + demangled(of.runs->name()));
    } catch (...) { // out of memory: the report is lost, the program is not
    }
}

// -- for users --

thread_pool_executor::thread_pool_executor(thread_pool_options options)
    : pool_(std::make_shared<pool>(std::move(options))) {}

thread_pool_executor::~thread_pool_executor() {
    if (pool_->forked()) {
        pool_->keep_for_ever();
        return;
    }
    close_within(pool_->runs_here() ? clock::duration::zero() : clock::duration::max());
}

void thread_pool_executor::post(std::unique_ptr<executor_job> work) {
    pool_->post(std::move(work));
}

void thread_pool_executor::shutdown(const shutdown_options& options) {
    if (options.wait) {
        refuse_to_block_a_loop("co_await aclose() instead");
    }
    if (options.cancel_pending || !options.wait) {
        pool_->close(options.cancel_pending ? pool::pending::cancel : pool::pending::run);
    }
    if (options.wait) {
        close_within(options.grace);
    }
}

void thread_pool_executor::close_within(clock::duration grace) noexcept {
    pool_->close(pool::pending::run);
    if (!pool_->wait_for_end(grace)) {
        pool_->close(pool::pending::cancel);
        pool_->abandon();
    }
    pool_->join();
}

coro<> thread_pool_executor::aclose(shutdown_options options) {
    const std::shared_ptr<pool> mine = pool_;
    mine->close(options.cancel_pending ? pool::pending::cancel : pool::pending::run);
    if (options.wait) {
        const future<> ended = mine->ended();
        const outside_job threads_end; // what they do is not over with the last job
        try {
            co_await wait_for(ended, options.grace);
        } catch (const timeout_error&) {
            mine->close(pool::pending::cancel);
            mine->abandon();
        }
        mine->join();
    }
}

std::size_t thread_pool_executor::threads_max() const noexcept {
    return pool_->threads_max();
}
std::size_t thread_pool_executor::threads() const {
    return pool_->threads();
}
std::size_t thread_pool_executor::queued() const {
    return pool_->queued();
}

} // namespace eddy::inline v0
