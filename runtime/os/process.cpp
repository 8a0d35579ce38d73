// process.cpp — starting a child, waiting for it, and letting go of it.

#include "os/reaper.hpp"
#include <eddy/base/syscall_process.hpp>
#include <eddy/core/future.hpp>
#include <eddy/core/gather.hpp>
#include <eddy/os/process.hpp>

#include <array>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace eddy::inline v0 {
namespace {

constexpr int status_unknown = 255; // as asyncio has it

[[noreturn]] void throw_for(std::error_code error, const std::string& what) {
    throw std::system_error(error, what);
}

owned_fd checked(const sys::fd_result& got, const std::string& what) {
    if (got.error) {
        throw_for(got.error, what);
    }
    return owned_fd(got.fd);
}

// The system would take what is before it for all.
void refuse_zero_byte(const std::string& text) {
    if (text.find('\0') != std::string::npos) {
        throw std::invalid_argument("a zero byte in what a child is given, after '" +
                                    std::string(text.c_str()) + "'");
    }
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& each : texts) {
        refuse_zero_byte(each);
        out.push_back(each.data());
    }
    out.push_back(nullptr);
    return out;
}

// The ends of the child's streams, until it is started; ours, after that.
class plumbing {
public:
    explicit plumbing(const subprocess_options& options) {
        connect(0, options.stdin_, sys::our_end::writes);
        connect(1, options.stdout_, sys::our_end::reads);
        connect(2, options.stderr_, sys::our_end::reads);
    }

    [[nodiscard]] std::array<int, 3> of_child() const {
        std::array<int, 3> out{};
        for (std::size_t i = 0; i != out.size(); ++i) {
            out[i] = theirs_[i].get();
        }
        return out;
    }
    [[nodiscard]] owned_fd take(std::size_t stream) noexcept { return std::move(ours_[stream]); }

private:
    void connect(std::size_t stream, const child_stream& how, sys::our_end direction) {
        switch (how.what()) {
        case child_stream::kind::inherited:
            return;
        case child_stream::kind::pipe:
            connect_pipe(stream, direction);
            return;
        case child_stream::kind::devnull:
            theirs_[stream] = above_standard(
                checked(sys::open("/dev/null", O_RDWR, 0), "open /dev/null for a child"));
            return;
        case child_stream::kind::to_stdout:
            if (stream != 2) {
                throw std::invalid_argument("to_stdout is for the stderr_ of a child");
            }
            // 1 itself, if that is inherited
            theirs_[stream] = copy_of(theirs_[1] ? theirs_[1].get() : 1);
            return;
        case child_stream::kind::descriptor:
            theirs_[stream] = copy_of(how.fd());
            return;
        }
    }
    void connect_pipe(std::size_t stream, sys::our_end direction) {
        const sys::fd_pair made = sys::child_pipe(direction);
        if (made.error) {
            throw_for(made.error, "make a pipe to a child");
        }
        const std::size_t mine = direction == sys::our_end::reads ? 0 : 1;
        ours_[stream] = owned_fd(made.fds[mine]);
        owned_fd other(made.fds[1 - mine]);
        theirs_[stream] = above_standard(std::move(other));
    }
    // One of the standard numbers could be overwritten before it is used.
    static owned_fd above_standard(owned_fd fd) {
        return fd.get() > 2 ? std::move(fd) : copy_of(fd.get());
    }
    static owned_fd copy_of(int fd) {
        return checked(sys::dup_above_standard(fd), "copy a descriptor for a child");
    }

    std::array<owned_fd, 3> ours_;
    std::array<owned_fd, 3> theirs_;
};

// A child that cannot be watched cannot be waited for either. One that is not there any more has
// ended, and nobody knows how: SIGCHLD is ignored, or somebody waits for every child.
template <typename Child>
std::unique_ptr<Child> watched(int pid, const std::string& program) {
    const sys::fd_result found = sys::pidfd_open(pid);
    if (found.error == std::errc::no_such_process) {
        return std::make_unique<Child>(pid);
    }
    try {
        return std::make_unique<Child>(pid, checked(found, "watch the child " + program));
    } catch (...) {
        sys::kill_and_reap(pid);
        throw;
    }
}

} // namespace

struct process::child {
    enum class fate : bool { killed, detached };

    child(int number, owned_fd pidfd) : pid(number), ended(std::move(pidfd)) {}
    explicit child(int number) noexcept : pid(number), status(status_unknown) {}
    ~child() {
        if (collect()) {
            return;
        }
        if (when_dropped == fate::killed) {
            (void)sys::pidfd_send_signal(ended.get(), SIGKILL);
        }
        (void)ended.close();
        reap_later(pid); // until then nobody else can have that number
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    // What became of it, if it has ended.
    std::optional<int> collect() {
        const std::lock_guard hold(lock);
        (void)look_locked();
        return status;
    }
    // EAGAIN: it runs.
    sys::exit_result look() {
        const std::lock_guard hold(lock);
        return look_locked();
    }
    sys::exit_result look_locked() {
        sys::exit_result seen;
        if (!status) {
            seen = sys::wait_for_child(ended.get());
            if (!seen.would_block()) {
                status = seen.error ? status_unknown : seen.status;
            }
        }
        return seen;
    }

    const int pid;
    async_fd ended; // readable when it has
    std::mutex lock;
    std::optional<int> status;
    std::optional<promise<>> somebody_waits; // set when that one has stopped
    fate when_dropped = fate::killed;
};

process::process(std::unique_ptr<child> of) noexcept : child_(std::move(of)) {}
process::process(process&&) noexcept = default;
process& process::operator=(process&&) noexcept = default;
process::~process() = default;

int process::pid() const noexcept {
    return child_->pid;
}

std::optional<int> process::returncode() const {
    return child_->collect();
}

// One waits at the descriptor; the others wait for that one.
coro<int> process::wait() {
    class turn {
    public:
        explicit turn(child& of) noexcept : of_(of) {}
        ~turn() {
            std::optional<promise<>> over;
            {
                const std::lock_guard hold(of_.lock);
                over.swap(of_.somebody_waits);
            }
            over->set_value();
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;

    private:
        child& of_;
    };
    child& mine = *child_;
    for (;;) {
        if (const auto known = mine.collect()) {
            co_return *known;
        }
        future<> other;
        {
            const std::lock_guard hold(mine.lock);
            if (mine.somebody_waits) {
                other = mine.somebody_waits->get_future();
            } else {
                mine.somebody_waits.emplace();
            }
        }
        if (other.valid()) {
            co_await other;
            continue;
        }
        const turn at_it(mine);
        (void)co_await mine.ended.perform(interest::read, 0, "wait for a child",
                                          [&mine](int) { return mine.look(); });
    }
}

namespace {

coro<> feed(pipe_writer& to, const std::string& input) {
    if (to) {
        try {
            co_await to.write_all(input);
        } catch (const std::system_error& error) {
            if (error.code() != std::errc::broken_pipe) {
                throw;
            }
        }
        to.close();
    }
}

coro<std::string> drain(pipe_reader& from) {
    if (!from) {
        co_return std::string();
    }
    std::string all = co_await from.read_all();
    from.close();
    co_return all;
}

} // namespace

coro<process_output> process::communicate(std::string input) {
    if (!input.empty() && !stdin_) {
        throw std::invalid_argument("communicate() has input for a child without a pipe to it: "
                                    "start it with .stdin_ = subprocess::pipe");
    }
    auto [fed, out, err, status] =
        co_await gather(feed(stdin_, input), drain(stdout_), drain(stderr_), wait());
    co_return process_output{.stdout_ = std::move(out), .stderr_ = std::move(err)};
}

bool process::send_signal(int number) {
    child& mine = *child_;
    const std::lock_guard hold(mine.lock);
    if (!mine.look_locked().would_block()) { // a zombie takes signals, too
        return false;
    }
    const std::error_code error = sys::pidfd_send_signal(mine.ended.get(), number);
    if (error && error != std::errc::no_such_process) {
        throw_for(error, "send signal " + std::to_string(number) + " to process " +
                             std::to_string(mine.pid));
    }
    return !error;
}

bool process::terminate() {
    return send_signal(SIGTERM);
}
bool process::kill() {
    return send_signal(SIGKILL);
}
void process::detach() noexcept {
    child_->when_dropped = child::fate::detached;
}

coro<process> create_subprocess_exec(std::vector<std::string> argv, subprocess_options options) {
    if (argv.empty() || argv.front().empty()) {
        throw std::invalid_argument("create_subprocess_exec() was called without a program");
    }
    plumbing streams(options);
    const std::vector<char*> arguments = pointers_to(argv);
    refuse_zero_byte(options.cwd);
    std::vector<char*> environment;
    if (options.env) {
        environment = pointers_to(*options.env);
    }
    const sys::spawn_result started =
        sys::spawn({.program = argv.front().c_str(),
                    .arguments = arguments.data(),
                    .environment = options.env ? environment.data() : nullptr,
                    .directory = options.cwd.empty() ? nullptr : options.cwd.c_str(),
                    .streams = streams.of_child(),
                    .kept_open = options.pass_fds,
                    .session = options.start_new_session ? sys::spawn_session::its_own
                                                         : sys::spawn_session::ours});
    if (started.error) {
        throw_for(started.error,
                  "cannot run " + argv.front() + (options.cwd.empty() ? "" : " in " + options.cwd));
    }
    process made(watched<process::child>(started.pid, argv.front()));
    const auto give = [&](std::size_t stream, auto& end) {
        if (owned_fd fd = streams.take(stream)) {
            end = std::remove_cvref_t<decltype(end)>(std::move(fd));
        }
    };
    give(0, made.stdin_);
    give(1, made.stdout_);
    give(2, made.stderr_);
    co_return made;
}

coro<process> create_subprocess_shell(std::string command, subprocess_options options) {
    std::vector<std::string> argv{"/bin/sh", "-c", std::move(command)};
    return create_subprocess_exec(std::move(argv), std::move(options));
}

} // namespace eddy::inline v0
